import { expect, test } from "vitest";
import { bob, ROOM_ID, serverWith } from "../api/fake_server";
import { NewestMessagesDocument } from "../gql/graphql";
import { downFrom, endOfLog, isKept, NEWEST, type Stretch, upFrom } from "./stretch";

function posts(count: number) {
  return Array.from({ length: count }, (_, index) => ({ __typename: "Message" as const, id: `m${index}`, text: "", postedAt: "2026-01-01T00:00:00Z", sender: bob }));
}

/** A cache that keeps so many messages of a room. */
function cacheWith(count: number) {
  const { cache } = serverWith("roomEvents").client;
  const pageInfo = { __typename: "PageInfo" as const, hasPreviousPage: false, startCursor: null };
  const messages = { __typename: "MessageConnection" as const, nodes: posts(count), pageInfo };
  const query = { query: NewestMessagesDocument, variables: { id: ROOM_ID, count: NEWEST } };
  cache.writeQuery({ ...query, data: { __typename: "Query", room: { __typename: "Room", id: ROOM_ID, messages } } });
  return { cache, query };
}

function ends({ posts: drawn, hasMore }: Stretch) {
  return { first: drawn[0]?.id, last: drawn.at(-1)?.id, hasMore };
}

test("of a long log only the newest are read", () => {
  const { cache, query } = cacheWith(1000);

  const nodes = cache.readQuery(query)?.room?.messages.nodes;
  expect(nodes?.length).toBe(NEWEST);
  expect(nodes?.at(-1)?.id).toBe("m999");
});

test("rows stay where they are until there are too many, and then go together", () => {
  const firstOf = (count: number): unknown => ends(endOfLog(posts(count), "m0"));

  expect(firstOf(199)).toEqual({ first: "m0", last: "m198", hasMore: false });
  expect(firstOf(200)).toEqual({ first: "m50", last: "m199", hasMore: true });
});

test("where the first row is not known, the newest are drawn", () => {
  expect(ends(endOfLog(posts(60), null))).toEqual({ first: "m0", last: "m59", hasMore: false });
  expect(ends(endOfLog(posts(180), "gone"))).toEqual({ first: "m30", last: "m179", hasMore: true });
});

test("a reader goes up and down again by steps, and holds no more than a few", () => {
  const { cache } = cacheWith(1000);

  expect(ends(upFrom(cache, ROOM_ID, "m850"))).toEqual({ first: "m750", last: "m999", hasMore: true });
  expect(ends(upFrom(cache, ROOM_ID, "m450"))).toEqual({ first: "m350", last: "m649", hasMore: true });
  expect(ends(upFrom(cache, ROOM_ID, "m60"))).toEqual({ first: "m0", last: "m299", hasMore: false });
  expect(ends(downFrom(cache, ROOM_ID, "m649"))).toEqual({ first: "m450", last: "m749", hasMore: true });
  expect(ends(downFrom(cache, ROOM_ID, "m949"))).toEqual({ first: "m700", last: "m999", hasMore: true });
});

test("a message is known however long ago it was said", () => {
  const { cache } = cacheWith(1000);

  expect([isKept(cache, ROOM_ID, "m0"), isKept(cache, ROOM_ID, "m1000")]).toEqual([true, false]);
});
