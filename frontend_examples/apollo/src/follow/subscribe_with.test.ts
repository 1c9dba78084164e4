import { ApolloClient, InMemoryCache } from "@apollo/client";
import type { Client } from "graphql-ws";
import { expect, test, vi } from "vitest";
import { socketLink } from "../api/socket_link";
import { ViewerEventsDocument, type ViewerEventsSubscription } from "../gql/graphql";
import { outcomeOf } from "./outcome";
import { subscribeWith } from "./subscribe_with";

type Event = Extract<ViewerEventsSubscription["userEvents"], { __typename: "CaughtUp" }>;
type SocketSink = Parameters<Client["subscribe"]>[1];

/** A subscription all the way down to graphql-ws, which the test plays. */
function subscribe(after: string) {
  const socket = { subscribe: vi.fn<Client["subscribe"]>(() => unsubscribe) };
  const unsubscribe = vi.fn();
  const client = new ApolloClient({ cache: new InMemoryCache(), link: socketLink(socket) });
  const sink = { next: vi.fn<(event: unknown) => void>(), error: vi.fn<(error: unknown) => void>(), complete: vi.fn() };
  const start = subscribeWith(client, ViewerEventsDocument, {}, ({ userEvents }) => userEvents as Event);
  const stop = start({ after }, sink);
  const [payload, below] = socket.subscribe.mock.calls[0] as [{ variables: unknown }, SocketSink];
  return { payload, below, sink, stop, unsubscribe };
}

test("sends its own cursor and hands on what comes", () => {
  const { payload, below, sink } = subscribe("c7");
  const event = { __typename: "CaughtUp", cursor: "c7" };
  below.next({ data: { userEvents: event } });

  expect(payload.variables).toEqual({ after: "c7" });
  expect(sink.next).toHaveBeenCalledExactlyOnceWith(event);
});

test.each([
  ["a refusal", [{ message: "Sign in first.", extensions: { code: "UNAUTHENTICATED" } }], "SIGNED_OUT"],
  ["a refused cursor", [{ message: "No.", extensions: { code: "INVALID" } }], "QUERY_AGAIN"],
  ["a session that ended", { code: 4401, reason: "Signed out" }, "SIGNED_OUT"],
  ["a server that goes away", { code: 1012, reason: "" }, "DROPPED"],
  ["a socket that fails", new Error("no network"), "DROPPED"],
])("%s keeps its meaning on the way through Apollo", (_what, error, outcome) => {
  const { below, sink } = subscribe("c7");
  below.error(error);

  expect(sink.error.mock.calls.map(([given]) => outcomeOf(given))[0]).toBe(outcome);
});

test("unsubscribes from the socket", () => {
  const { stop, unsubscribe } = subscribe("c7");
  stop();

  expect(unsubscribe).toHaveBeenCalledTimes(1);
});
