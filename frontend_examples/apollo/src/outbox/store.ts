import type { Copy } from "./outbox";

/** What is unsent survives a reload of the tab, for this person in this room. */
export function tabStore(roomId: string, viewerId: string) {
  const key = `anteroom outbox ${roomId} ${viewerId}`;
  return {
    load: (): Copy[] => JSON.parse(sessionStorage.getItem(key) ?? "[]") as Copy[],
    save: (copies: readonly Copy[]): void => {
      if (copies.length > 0) sessionStorage.setItem(key, JSON.stringify(copies));
      else sessionStorage.removeItem(key);
    },
  };
}
