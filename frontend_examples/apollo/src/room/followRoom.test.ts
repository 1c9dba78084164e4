import { expect, onTestFinished, test, vi } from "vitest";
import { alice, bob, preview, ROOM_ID, serverWith } from "../api/fake_server";
import { RoomPageDocument } from "../gql/graphql";
import { followRoom } from "./followRoom";

const NO_MORE = { __typename: "PageInfo", hasNextPage: false, endCursor: null };

function message(id: string, sender = bob) {
  return { __typename: "Message", id, text: id, postedAt: "2026-01-01T00:00:00Z", sender };
}

function room(eventCursor: string, ...messages: string[]) {
  return {
    __typename: "Room",
    id: ROOM_ID,
    databaseId: 7,
    title: "Lobby",
    access: "BY_REQUEST",
    owner: alice,
    viewerRole: "OWNER",
    joinCode: "code",
    joinRequests: { __typename: "JoinRequestConnection", nodes: [], pageInfo: NO_MORE },
    members: { __typename: "UserConnection", nodes: [alice], pageInfo: NO_MORE },
    messages: {
      __typename: "MessageConnection",
      nodes: messages.map((id) => message(id)),
      pageInfo: { __typename: "PageInfo", hasPreviousPage: false, startCursor: null },
    },
    eventCursor,
  };
}

async function openRoom(...rooms: (ReturnType<typeof room> | null)[]) {
  const viewer = { __typename: "Viewer", user: alice };
  const server = serverWith("roomEvents", ...rooms.map((each) => ({ viewer, room: each })));
  const on = { onQuery: vi.fn(), onEvents: vi.fn(), onStatus: vi.fn(), onEnd: vi.fn() };
  const follow = () => {
    const following = followRoom(server.client, ROOM_ID, on);
    onTestFinished(following.stop);
    return following;
  };
  const following = follow();
  const state = () => server.client.cache.readQuery({ query: RoomPageDocument, variables: { id: ROOM_ID } })?.room;
  const settled = (check: () => void) => vi.waitFor(check, { interval: 2 });
  await settled(() => expect(server.variables.length + on.onEnd.mock.calls.length).toBe(1));
  const messages = () => state()?.messages.nodes.map(({ id }) => id);
  return { ...server, ...on, follow, following, state, messages, settled };
}

test("old state and events make the new state, and the cursor moves with it", async () => {
  const page = await openRoom(room("c1", "m1"));
  page.send({ __typename: "MessageSent", cursor: "c2", clientMutationId: null, message: message("m2") });
  page.send({ __typename: "MemberJoined", cursor: "c3", user: bob });
  page.send({ __typename: "RoomRenamed", cursor: "c4", room: preview("Hall") });
  page.send({ __typename: "JoinCodeRotated", cursor: "c5", joinCode: "new" });
  page.send({ __typename: "CaughtUp", cursor: "c6" });
  await page.settled(() => expect(page.state()?.eventCursor).toBe("c6"));

  expect(page.messages()).toEqual(["m1", "m2"]);
  expect(page.state()).toMatchObject({ title: "Hall", joinCode: "new", members: { nodes: [alice, bob] } });
});

test("people at the door come and go", async () => {
  const page = await openRoom(room("c1"));
  const joinRequest = { __typename: "JoinRequest", id: "J1", createdAt: "2026-01-01T00:00:00Z", user: bob };
  page.send({ __typename: "JoinRequestCreated", cursor: "c2", joinRequest });
  await page.settled(() => expect(page.state()?.joinRequests?.nodes).toEqual([joinRequest]));
  page.send({ __typename: "JoinRequestAdmitted", cursor: "c3", joinRequest });

  await page.settled(() => expect(page.state()?.joinRequests?.nodes).toEqual([]));
});

test("a person who is known by a newer name keeps it", async () => {
  const page = await openRoom(room("c1", "m1"));
  const earlier = { ...bob, firstName: "Robert" };
  page.send({ __typename: "MessageSent", cursor: "c2", clientMutationId: null, message: message("m2", earlier) });

  await page.settled(() => expect(page.state()?.messages.nodes.map(({ sender }) => sender.firstName)).toEqual(["Bob", "Bob"]));
});

test("a room that was followed before is resumed from the cache, without a query", async () => {
  const page = await openRoom(room("c1", "m1"));
  page.send({ __typename: "CaughtUp", cursor: "c2" });
  await page.settled(() => expect(page.state()?.eventCursor).toBe("c2"));
  page.following.stop();
  page.follow();
  await page.settled(() => expect(page.variables).toHaveLength(2));

  expect(page.variables.map(({ after }) => after)).toEqual(["c1", "c2"]);
  expect(page.countQueries()).toBe(1);
});

test("an expired cursor replaces the whole state", async () => {
  const page = await openRoom(room("c1", "m1"), room("c9", "m8", "m9"));
  page.send({ __typename: "CursorExpired" });
  await page.settled(() => expect(page.variables).toHaveLength(2));

  expect(page.messages()).toEqual(["m8", "m9"]);
  expect(page.variables.at(-1)).toMatchObject({ after: "c9" });
  expect(page.onQuery).toHaveBeenCalledTimes(2);
});

test("a room that is deleted under one's eyes ends it with that reason", async () => {
  const page = await openRoom(room("c1"));
  page.send({ __typename: "RoomDeleted", cursor: "c2" });

  await page.settled(() => expect(page.onEnd).toHaveBeenCalledExactlyOnceWith("ROOM_DELETED"));
});

test("a room that the viewer is not in is not followed", async () => {
  const page = await openRoom(null);

  expect(page.onEnd).toHaveBeenCalledExactlyOnceWith("NOT_FOUND");
});
