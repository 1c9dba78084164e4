import { ApolloLink, CombinedGraphQLErrors, Observable } from "@apollo/client";
import { type FormattedExecutionResult, type GraphQLFormattedError, print } from "graphql";
import type { Client } from "graphql-ws";

/** The socket was closed under a subscription. The code says why: 4401 is a session that ended. */
export class SocketClosed extends Error {
  constructor(readonly code: number) {
    super(`The socket was closed with ${code}.`);
  }
}

/** Like Apollo's GraphQLWsLink, which however keeps the code only inside of a sentence. */
export function socketLink(socket: Pick<Client, "subscribe">): ApolloLink {
  return new ApolloLink(
    ({ query, operationName, variables }) =>
      new Observable((observer) =>
        socket.subscribe(
          { query: print(query), operationName, variables },
          {
            next: (result) => observer.next(result as FormattedExecutionResult<Record<string, unknown>>),
            error: (error) => observer.error(asError(error)),
            complete: () => observer.complete(),
          },
        ),
      ),
  );
}

/** Apollo would wrap whatever is not an `Error`. */
function asError(error: unknown): unknown {
  if (Array.isArray(error)) return new CombinedGraphQLErrors({ errors: error as GraphQLFormattedError[] });
  if (typeof error !== "object" || error === null || error instanceof Error) return error;
  return "code" in error && typeof error.code === "number" ? new SocketClosed(error.code) : error;
}
