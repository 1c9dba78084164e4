import { ApolloClient, ApolloLink, HttpLink } from "@apollo/client";
import { OperationTypeNode } from "graphql";
import type { Client } from "graphql-ws";
import { graphqlAddress } from "./address";
import { createCache } from "./cache";
import { createSocket } from "./socket";
import { socketLink } from "./socket_link";

const TIMEOUT_MS = 15_000;

/** Subscriptions over the socket, everything else over HTTP with the session's cookie. */
export function createApollo(): { client: ApolloClient; socket: Client } {
  const socket = createSocket();
  const link = ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    socketLink(socket),
    new HttpLink({ uri: graphqlAddress, fetch: fetchWithToken }),
  );
  // A change comes to the page as an event, in its place: what a mutation returns is not kept.
  const defaultOptions = { mutate: { fetchPolicy: "no-cache" } } as const;
  return { client: new ApolloClient({ cache: createCache(), link, defaultOptions }), socket };
}

function fetchWithToken(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("X-CSRFToken", cookie("csrftoken"));
  return fetch(input, { ...init, headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
}

function cookie(name: string): string {
  const pair = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
  return pair === undefined ? "" : decodeURIComponent(pair.slice(name.length + 1));
}
