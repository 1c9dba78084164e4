import type { Client } from "graphql-ws";
import { createContext, use } from "react";

export interface AppContext {
  socket: Client;
  /** Go to another page of the app. */
  go: (path: string) => void;
  /** Say something in passing. */
  notify: (sentence: string) => void;
  /** Show the way to sign in, and why. */
  signedOut: (sentence?: string) => void;
}

export const App = createContext<AppContext | null>(null);

export function useApp(): AppContext {
  const app = use(App);
  if (app === null) throw new Error("This component stands outside of the app.");
  return app;
}
