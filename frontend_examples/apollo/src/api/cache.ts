import { type FieldReadFunction, InMemoryCache, type Reference } from "@apollo/client";

const WHOLE = { keyArgs: false, merge: false } as const;

/**
 * The state of all pages. A list is kept once, whatever page of it was asked for: a query
 * replaces it, `pages.ts` adds pages to it, and events add to it and take away.
 */
export function createCache(): InMemoryCache {
  return new InMemoryCache({
    typePolicies: {
      // There is one: whoever is signed in.
      Viewer: {
        keyFields: [],
        fields: { rooms: WHOLE, joinRequests: { keyArgs: byStatus, merge: false } },
      },
      Room: { fields: { members: WHOLE, messages: { ...WHOLE, read: newest }, joinRequests: WHOLE } },
    },
  });
}

/** They are kept as `joinRequests:PENDING` and `joinRequests:DENIED`. */
function byStatus(args: Record<string, unknown> | null): string {
  return typeof args?.["status"] === "string" ? args["status"] : "PENDING";
}

/** Of all that is kept, as many as are asked for: whoever shows the end pays for no more. */
const newest: FieldReadFunction<{ nodes: readonly Reference[] }> = (kept, { args }) => {
  const last: unknown = args?.["last"];
  return kept && typeof last === "number" ? { ...kept, nodes: kept.nodes.slice(-last) } : kept;
};
