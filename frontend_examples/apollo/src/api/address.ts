/**
 * Where everything is. The server may be served under a path, which it writes into <base>.
 */

const base = new URL(document.baseURI);

export const graphqlAddress = new URL("graphql", base).href;
export const socketAddress = graphqlAddress.replace(/^http/, "ws");

export type Place = { page: "home" } | { page: "room"; databaseId: string } | { page: "nowhere" };

export const homePath = base.pathname;

export function roomPath(databaseId: number | string): string {
  return `${base.pathname}room/${databaseId}`;
}

/** The address that lets someone ask to come in. What is behind the # reaches no server. */
export function invitation(joinCode: string): string {
  return `${base.href}#code=${encodeURIComponent(joinCode)}`;
}

/** The code of an invitation, if the page was opened by one. */
export function invitedBy(hash: string): string | null {
  return new URLSearchParams(hash.slice(1)).get("code");
}

export function placeOf(pathname: string): Place {
  const path = pathname.startsWith(base.pathname) ? pathname.slice(base.pathname.length) : null;
  const databaseId = /^room\/(\d+)\/?$/.exec(path ?? "")?.[1];
  if (databaseId !== undefined) return { page: "room", databaseId };
  return { page: path === "" ? "home" : "nowhere" };
}
