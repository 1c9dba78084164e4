/**
 * GraphQL ids are opaque: take them from answers wherever there is one. The address of a
 * room's page has a database id, and a preview has only the room's id; this is the one place
 * that knows how the two are related.
 */

export function roomIdOf(databaseId: string): string {
  return btoa(`Room:${databaseId}`);
}

export function databaseIdOf(roomId: string): number {
  return Number(atob(roomId).slice("Room:".length));
}

/** 128 random bits. `crypto.randomUUID` would need HTTPS. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
