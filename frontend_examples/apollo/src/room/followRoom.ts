import type { ApolloClient } from "@apollo/client";
import { set } from "../api/lists";
import { follow } from "../follow/follow";
import { Refused } from "../follow/outcome";
import type { Following, LastEvent, Listener } from "../follow/stream";
import { subscribeWith } from "../follow/subscribe_with";
import { RoomEventsDocument, RoomPageDocument } from "../gql/graphql";
import { applyToRoom, type RoomEvent, type RoomStreamEvent } from "./room_events";

/**
 * Keep the cache's answer to `RoomPage` true, from now until `stop`.
 *
 * A room that was followed before is resumed where that ended, without a query: its cursor is
 * in the cache, where every batch of events moves it together with the room.
 */
export function followRoom(client: ApolloClient, roomId: string, on: Listener<RoomEvent>): Following {
  const query = { query: RoomPageDocument, variables: { id: roomId } };
  const id = `Room:${roomId}`;
  return follow<RoomEvent>({
    ...on,
    cursor: client.cache.readQuery(query)?.room?.eventCursor ?? null,
    query: async () => {
      on.onQuery();
      const { data } = await client.query({ ...query, fetchPolicy: "network-only" });
      if (!data?.viewer) throw new Refused("UNAUTHENTICATED");
      if (!data.room) throw new Refused("NOT_FOUND");
      return data.room.eventCursor;
    },
    subscribe: subscribeWith(client, RoomEventsDocument, { roomId }, ({ roomEvents }) => ending(roomEvents)),
    apply: (events, eventCursor) => {
      client.cache.batch({
        update: (cache) => {
          for (const event of events) applyToRoom(cache, id, event);
          set(cache, id, { eventCursor });
        },
      });
      on.onEvents(events);
    },
  });
}

/** Those who are there get `RoomDeleted` where others are told that access was revoked. */
function ending(event: RoomStreamEvent): RoomEvent | LastEvent {
  if (event.__typename !== "RoomDeleted") return event;
  return { __typename: "AccessRevoked", reason: "ROOM_DELETED" };
}
