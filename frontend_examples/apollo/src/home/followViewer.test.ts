import { expect, onTestFinished, test, vi } from "vitest";
import { alice, bob, preview, ROOM_ID, serverWith } from "../api/fake_server";
import { HomeDocument } from "../gql/graphql";
import { followViewer } from "./followViewer";

function asked(status: string, title = "Lobby") {
  return {
    __typename: "JoinRequest",
    id: "J1",
    status,
    createdAt: "2026-01-01T00:00:00Z",
    decidedAt: status === "PENDING" ? null : "2026-01-01T00:01:00Z",
    room: preview(title),
  };
}

async function openHome(...requests: ReturnType<typeof asked>[]) {
  const viewer = {
    __typename: "Viewer",
    user: bob,
    rooms: { __typename: "RoomConnection", nodes: [], pageInfo: { __typename: "PageInfo", hasNextPage: false, endCursor: null } },
    joinRequests: { __typename: "JoinRequestConnection", nodes: requests },
    denied: { __typename: "JoinRequestConnection", nodes: [] },
    eventCursor: "c1",
  };
  const server = serverWith("userEvents", { viewer });
  const on = { onQuery: vi.fn(), onEvents: vi.fn(), onStatus: vi.fn(), onEnd: vi.fn() };
  onTestFinished(followViewer(server.client, on).stop);
  await vi.waitFor(() => expect(server.variables).toEqual([{ after: "c1" }]));
  const state = () => server.client.cache.readQuery({ query: HomeDocument })?.viewer;
  /** Send events and wait until the last of them was applied. */
  const receive = async (...events: Record<string, unknown>[]): Promise<void> => {
    events.forEach((event, index) => server.send({ cursor: `c${index + 2}`, ...event }));
    await vi.waitFor(() => expect(state()?.eventCursor).toBe(`c${events.length + 1}`));
  };
  return { ...server, ...on, state, receive };
}

test("a request appears, is admitted, and the room is there", async () => {
  const home = await openHome();
  await home.receive(
    { __typename: "JoinRequestCreated", joinRequest: asked("PENDING") },
    { __typename: "JoinRequestAdmitted", joinRequest: asked("ADMITTED") },
    { __typename: "RoomJoined", room: preview("Lobby") },
  );

  expect(home.state()?.joinRequests.nodes).toEqual([asked("ADMITTED")]);
  expect(home.state()?.rooms.nodes).toMatchObject([{ id: ROOM_ID, databaseId: 7, title: "Lobby", owner: alice }]);
});

test("a denied request stays where it was, so that one sees what became of it", async () => {
  const home = await openHome(asked("PENDING"));
  await home.receive({ __typename: "JoinRequestDenied", joinRequest: asked("DENIED") });

  expect(home.state()?.joinRequests.nodes).toEqual([asked("DENIED")]);
  expect(home.state()?.denied.nodes).toEqual([]);
});

test("a title that is known already is not overwritten by an event's snapshot", async () => {
  const home = await openHome(asked("PENDING", "New title"));
  await home.receive(
    { __typename: "JoinRequestCreated", joinRequest: { ...asked("PENDING", "Old title"), id: "J2" } },
    { __typename: "JoinRequestDenied", joinRequest: { ...asked("DENIED", "Old title"), id: "J2" } },
  );

  expect(home.state()?.joinRequests.nodes.map(({ room }) => room.title)).toEqual(["New title", "New title"]);
});

test("a room that one has left is forgotten, and comes back as it then is", async () => {
  const home = await openHome();
  await home.receive(
    { __typename: "RoomJoined", room: preview("Lobby") },
    { __typename: "RoomLeft", roomId: ROOM_ID },
  );
  expect(home.state()?.rooms.nodes).toEqual([]);
  await home.receive(
    { __typename: "CaughtUp" },
    { __typename: "CaughtUp" },
    { __typename: "RoomJoined", room: preview("Hall") },
  );

  expect(home.state()?.rooms.nodes.map(({ title }) => title)).toEqual(["Hall"]);
});
