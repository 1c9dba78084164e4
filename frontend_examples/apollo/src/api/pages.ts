/**
 * Further pages of a list. They are put to the list only if it still ends where the page
 * begins: meanwhile a query may have replaced it all.
 */

import type { ApolloClient, OperationVariables, Reference, TypedDocumentNode } from "@apollo/client";

export interface Page<Node, Info> {
  nodes: readonly Node[];
  pageInfo: Info;
}

interface Where<Node> {
  of: string;
  field: string;
  keep: (node: Node) => Reference;
}

interface Forward {
  hasNextPage: boolean;
  endCursor: string | null;
}

interface Backward {
  hasPreviousPage: boolean;
  startCursor: string | null;
}

interface Kept {
  nodes: readonly Reference[];
  pageInfo: Partial<Forward & Backward>;
}

/** Fetch without touching the cache, which would take the page for the whole. */
export async function fetchPage<Data, Variables extends OperationVariables>(
  client: ApolloClient,
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data | null> {
  const options = { query, variables, fetchPolicy: "no-cache" } as ApolloClient.QueryOptions<Data, Variables>;
  const { data } = await client.query(options);
  return (data ?? null);
}

export function append<Node>(client: ApolloClient, where: Where<Node>, after: string, page: Page<Node, Forward>): void {
  change(client, where, page, (kept, fresh) =>
    kept.pageInfo.endCursor === after ? [...kept.nodes, ...fresh] : null,
  );
}

export function prepend<Node>(client: ApolloClient, where: Where<Node>, before: string, page: Page<Node, Backward>): void {
  change(client, where, page, (kept, fresh) =>
    kept.pageInfo.startCursor === before ? [...fresh, ...kept.nodes] : null,
  );
}

function change<Node, Info>(
  client: ApolloClient,
  { of, field, keep }: Where<Node>,
  page: Page<Node, Info>,
  joined: (kept: Kept, fresh: readonly Reference[]) => Reference[] | null,
): void {
  client.cache.batch({
    update: (cache) => {
      const references = page.nodes.map(keep);
      cache.modify<Record<string, Kept>>({
        id: of,
        fields: {
          [field]: (value) => {
            const kept = value as Kept;
            const present = new Set(kept.nodes.map(({ __ref }) => __ref));
            const nodes = joined(kept, references.filter(({ __ref }) => !present.has(__ref)));
            return nodes === null ? kept : { ...kept, nodes, pageInfo: { ...kept.pageInfo, ...page.pageInfo } };
          },
        },
      });
    },
  });
}
