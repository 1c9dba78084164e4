import type { ApolloClient, OperationVariables, TypedDocumentNode } from "@apollo/client";
import type { Cursor, LastEvent, Sink } from "./stream";

/**
 * A `subscribe` for `follow`, by Apollo: one subscription for each attempt, with its own `after`.
 *
 * Apollo is told to leave the cache alone: it would write each event's snapshots over
 * whatever is known by then.
 */
export function subscribeWith<E, Data, Rest extends OperationVariables>(
  client: ApolloClient,
  query: TypedDocumentNode<Data, Rest & { after?: Cursor | null | undefined }>,
  rest: Rest,
  eventOf: (data: Data) => E | LastEvent,
) {
  return ({ after }: { after: Cursor }, sink: Sink<E>): (() => void) => {
    const options = {
      query,
      variables: { ...rest, after },
      fetchPolicy: "no-cache",
      context: { queryDeduplication: false },
    } as ApolloClient.SubscribeOptions<Data, Rest & { after: Cursor }>;
    const subscription = client.subscribe(options).subscribe({
      next: ({ data, error }) => {
        if (error) sink.error(error);
        else if (data) sink.next(eventOf(data));
      },
      error: sink.error,
      complete: sink.complete,
    });
    return () => subscription.unsubscribe();
  };
}
