import type { ApolloClient } from "@apollo/client";
import { set } from "../api/lists";
import { follow } from "../follow/follow";
import { Refused } from "../follow/outcome";
import type { Following, LastEvent, Listener } from "../follow/stream";
import { subscribeWith } from "../follow/subscribe_with";
import { HomeDocument, ViewerEventsDocument, type ViewerEventsSubscription } from "../gql/graphql";
import { applyToViewer, VIEWER, type ViewerEvent } from "./viewer_events";

/** Keep the cache's answer to `Home` true, from now until `stop`; see `followRoom`. */
export function followViewer(client: ApolloClient, on: Listener<ViewerEvent>): Following {
  const query = { query: HomeDocument };
  return follow<ViewerEvent>({
    ...on,
    cursor: client.cache.readQuery(query)?.viewer?.eventCursor ?? null,
    query: async () => {
      on.onQuery();
      const { data } = await client.query({ ...query, fetchPolicy: "network-only" });
      if (!data?.viewer) throw new Refused("UNAUTHENTICATED");
      return data.viewer.eventCursor;
    },
    subscribe: subscribeWith(client, ViewerEventsDocument, {}, eventOf),
    apply: (events, eventCursor) => {
      client.cache.batch({
        update: (cache) => {
          for (const event of events) applyToViewer(cache, event);
          set(cache, VIEWER, { eventCursor });
        },
      });
      on.onEvents(events);
    },
  });
}

function eventOf({ userEvents }: ViewerEventsSubscription): ViewerEvent | LastEvent {
  return userEvents;
}
