/**
 * Changes of the lists that the cache keeps: connections of which we keep `nodes`.
 *
 * Events and answers tell of the same things in either order, and what an event carries is a
 * snapshot as of then. So adding twice adds once, and nothing known is ever overwritten.
 */

import {
  type ApolloCache,
  isReference,
  type Reference,
  type StoreObject,
  type TypedDocumentNode,
} from "@apollo/client";

interface Nodes {
  nodes: readonly Reference[];
}

interface Entity extends StoreObject {
  __typename: string;
  id: string;
}

interface ListField {
  /** The cache's id of the object that has the list. */
  of: string;
  field: string;
  /** Where the cache keeps the same field several times, by its arguments. */
  storeFieldName?: string;
}

/** What the cache knows already, or else what an event or a page says. */
export function known<T extends Entity>(
  cache: ApolloCache,
  fragment: TypedDocumentNode<T>,
  fragmentName: string,
  said: T,
): T {
  const id = cache.identify(said) ?? said.id;
  return cache.readFragment<T>({ id, fragment, fragmentName }) ?? said;
}

/** Keep an object, and return the reference to it. Wrap whatever may be known in `known`. */
export function keep<T extends Entity>(
  cache: ApolloCache,
  fragment: TypedDocumentNode<T>,
  fragmentName: string,
  data: T,
): Reference {
  const id = cache.identify(data) ?? data.id;
  cache.writeFragment({ id, fragment, fragmentName, data });
  return { __ref: id };
}

export function add(cache: ApolloCache, list: ListField, references: readonly Reference[]): void {
  change(cache, list, (nodes) => {
    const fresh = references.filter(({ __ref }) => !nodes.some((node) => node.__ref === __ref));
    return fresh.length === 0 ? nodes : [...nodes, ...fresh];
  });
}

export function remove(cache: ApolloCache, list: ListField, id: string): void {
  change(cache, list, (nodes) => {
    const rest = nodes.filter(({ __ref }) => __ref !== id);
    return rest.length === nodes.length ? nodes : rest;
  });
}

/** All that is kept of a list, without reading what it is of. */
export function references(cache: ApolloCache, list: ListField): readonly Reference[] {
  let found: readonly Reference[] = [];
  change(cache, list, (nodes) => (found = nodes));
  return found;
}

/** Change plain fields of an object; nothing happens if the cache does not have it. */
export function set(cache: ApolloCache, id: string, values: Record<string, unknown>): void {
  const fields = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, () => value]));
  cache.modify({ id, fields });
}

function change(
  cache: ApolloCache,
  { of, field, storeFieldName }: ListField,
  changed: (nodes: readonly Reference[]) => readonly Reference[],
): void {
  cache.modify({
    id: of,
    fields: {
      [field]: (existing: unknown, details: { storeFieldName: string }) => {
        if (storeFieldName !== undefined && details.storeFieldName !== storeFieldName) return existing;
        if (!hasNodes(existing)) return existing;
        const nodes = changed(existing.nodes);
        return nodes === existing.nodes ? existing : { ...existing, nodes };
      },
    },
  });
}

function hasNodes(value: unknown): value is Nodes {
  if (typeof value !== "object" || value === null || !("nodes" in value)) return false;
  return Array.isArray(value.nodes) && value.nodes.every((node) => isReference(node as StoreObject));
}
