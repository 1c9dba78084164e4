/**
 * What each event of the viewer does to the cache.
 *
 * The stream is the newest news of which rooms and requests there are. The previews in it are
 * snapshots as of then: a title that is known already is left alone.
 */

import type { ApolloCache } from "@apollo/client";
import { databaseIdOf } from "../api/ids";
import { add, keep, known, remove, set } from "../api/lists";
import type { LastEvent } from "../follow/stream";
import {
  AskedFragmentDoc,
  type AskedFragment,
  type PreviewFragment,
  PreviewFragmentDoc,
  type RoomCardFragment,
  RoomCardFragmentDoc,
  type ViewerEventsSubscription,
} from "../gql/graphql";

export type ViewerStreamEvent = ViewerEventsSubscription["userEvents"];
export type ViewerEvent = Exclude<ViewerStreamEvent, { __typename: LastEvent["__typename"] }>;

/** The cache's id of whoever is signed in. */
export const VIEWER = "Viewer:{}";
const ROOMS = { of: VIEWER, field: "rooms" };
const PENDING = { of: VIEWER, field: "joinRequests", storeFieldName: "joinRequests:PENDING" };

export function applyToViewer(cache: ApolloCache, event: ViewerEvent): void {
  switch (event.__typename) {
    case "JoinRequestCreated":
      return add(cache, PENDING, [keepAsked(cache, event.joinRequest)]);
    case "JoinRequestAdmitted":
    case "JoinRequestDenied":
    case "JoinRequestWithdrawn":
      return settle(cache, event.joinRequest);
    case "RoomJoined": {
      const card = known(cache, RoomCardFragmentDoc, "RoomCard", cardOf(event.room));
      return add(cache, ROOMS, [keep(cache, RoomCardFragmentDoc, "RoomCard", card)]);
    }
    case "RoomLeft":
      return forget(cache, event.roomId);
    case "CaughtUp":
  }
}

/** Drop all that is known of a room that the viewer is no longer in. */
export function forget(cache: ApolloCache, roomId: string): void {
  const id = `Room:${roomId}`;
  remove(cache, ROOMS, id);
  cache.evict({ id });
}

/** It stays where it is listed, so that the person sees what became of it. */
function settle(cache: ApolloCache, { id, status, decidedAt }: AskedFragment): void {
  set(cache, `JoinRequest:${id}`, { status, decidedAt });
}

function keepAsked(cache: ApolloCache, request: AskedFragment) {
  const room = known(cache, PreviewFragmentDoc, "Preview", request.room);
  return keep(cache, AskedFragmentDoc, "Asked", { ...request, room });
}

function cardOf({ roomId, title, access, owner }: PreviewFragment): RoomCardFragment {
  return { __typename: "Room", id: roomId, databaseId: databaseIdOf(roomId), title, access, owner };
}
