/**
 * What each event of a room does to the cache.
 *
 * An event is a snapshot as of then. Of the room itself its own stream is the newest news;
 * people are kept as they are known, because another answer may have told of them since.
 */

import type { ApolloCache, Reference } from "@apollo/client";
import { add, keep, known, remove, set } from "../api/lists";
import {
  PersonFragmentDoc,
  type PersonFragment,
  PostFragmentDoc,
  type PostFragment,
  type RoomEventsSubscription,
  WaitingFragmentDoc,
  type WaitingFragment,
} from "../gql/graphql";
import type { LastEvent } from "../follow/stream";

export type RoomStreamEvent = RoomEventsSubscription["roomEvents"];
export type RoomEvent = Exclude<RoomStreamEvent, { __typename: LastEvent["__typename"] }>;

/** `room` is the cache's id of the room. */
export function applyToRoom(cache: ApolloCache, room: string, event: RoomEvent): void {
  switch (event.__typename) {
    case "MessageSent":
      return add(cache, { of: room, field: "messages" }, [keepPost(cache, event.message)]);
    case "MemberJoined":
      return add(cache, { of: room, field: "members" }, [keepPerson(cache, event.user)]);
    case "MemberLeft":
      return remove(cache, { of: room, field: "members" }, referenceTo(cache, event.user));
    case "JoinRequestCreated":
      return add(cache, { of: room, field: "joinRequests" }, [keepWaiting(cache, event.joinRequest)]);
    case "JoinRequestAdmitted":
    case "JoinRequestDenied":
    case "JoinRequestWithdrawn":
      return remove(cache, { of: room, field: "joinRequests" }, referenceTo(cache, event.joinRequest));
    case "RoomRenamed":
      return set(cache, room, { title: event.room.title });
    case "JoinCodeRotated":
      return set(cache, room, { joinCode: event.joinCode });
    case "RoomDeleted":
    case "CaughtUp":
  }
}

export function keepPost(cache: ApolloCache, post: PostFragment): Reference {
  return keep(cache, PostFragmentDoc, "Post", { ...post, sender: knownPerson(cache, post.sender) });
}

export function keepPerson(cache: ApolloCache, person: PersonFragment): Reference {
  return keep(cache, PersonFragmentDoc, "Person", knownPerson(cache, person));
}

export function keepWaiting(cache: ApolloCache, request: WaitingFragment): Reference {
  return keep(cache, WaitingFragmentDoc, "Waiting", { ...request, user: knownPerson(cache, request.user) });
}

function knownPerson(cache: ApolloCache, person: PersonFragment): PersonFragment {
  return known(cache, PersonFragmentDoc, "Person", person);
}

function referenceTo(cache: ApolloCache, object: { __typename: string; id: string }): string {
  return cache.identify(object) ?? "";
}
