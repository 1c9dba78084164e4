import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openPage, pass, said } from "./fake_stream";
import { Refused } from "./outcome";

const LONG = 60_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a cursor that leads nowhere", () => {
  test("when it has expired, the state is queried again at once and followed from there", async () => {
    const page = openPage("c1");
    await pass();
    page.query.mockResolvedValue("c90");
    page.send({ __typename: "CursorExpired" });
    await pass();

    expect(page.attempts.map(({ after }) => after)).toEqual(["c1", "c90"]);
  });

  test.each([
    ["Apollo's", { errors: [{ extensions: { code: "INVALID" } }] }],
    ["urql's", { graphQLErrors: [{ extensions: { code: "INVALID" } }] }],
    ["graphql-ws's", [{ extensions: { code: "INVALID" } }]],
  ])("when it is refused in %s words, the same", async (_whose, error) => {
    const page = openPage("damaged");
    await pass();
    page.last().sink.error(error);
    await pass();

    expect(page.attempts.map(({ after }) => after)).toEqual(["damaged", "c0"]);
  });

  test("when that goes on, it waits in between", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    const page = openPage("c1");
    await pass();
    page.send({ __typename: "CursorExpired" });
    await pass();
    page.send({ __typename: "CursorExpired" });
    await pass();

    expect(page.statuses.at(-1)).toBe("waiting");
    expect(page.attempts).toHaveLength(2);
  });

  test("an event that cannot be applied makes the state be queried again", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const page = openPage("c1");
    await pass();
    page.apply.mockImplementationOnce(() => {
      throw new Error("a bug");
    });
    page.send(said(2), said(3));
    await pass(LONG);

    expect(page.query).toHaveBeenCalledTimes(1);
    expect(page.last().after).toBe("c0");
    expect(page.applied).toEqual([]);
  });
});

describe("the end", () => {
  test("what came before it is applied, and then it says why, once", async () => {
    const page = openPage();
    await pass();
    page.send(said(1), said(2), said(3), { __typename: "AccessRevoked", reason: "REMOVED" });
    await pass(LONG);

    expect(page.applied).toEqual(["m1", "m2", "m3"]);
    expect(page.ends).toEqual(["REMOVED"]);
    expect(page.attempts).toHaveLength(1);
  });

  test.each([
    ["the session's socket is closed", { code: 4401, reason: "Signed out" }, "SIGNED_OUT"],
    ["urql wraps the event that closed it", { graphQLErrors: [], networkError: { code: 4401, reason: "Signed out" } }, "SIGNED_OUT"],
    ["nobody is signed in", { errors: [{ extensions: { code: "UNAUTHENTICATED" } }] }, "SIGNED_OUT"],
    ["there is no such room for the viewer", { errors: [{ extensions: { code: "NOT_FOUND" } }] }, "NOT_FOUND"],
  ])("when %s", async (_when, error, reason) => {
    const page = openPage("c1");
    await pass();
    page.last().sink.error(error);
    await pass(LONG);

    expect(page.ends).toEqual([reason]);
    expect(page.attempts).toHaveLength(1);
  });

  test("when the query finds nothing to follow", async () => {
    const page = openPage(null, () => Promise.reject(new Refused("UNAUTHENTICATED")));
    await pass(LONG);

    expect(page.ends).toEqual(["SIGNED_OUT"]);
    expect(page.attempts).toEqual([]);
  });
});

describe("stop", () => {
  test("unsubscribes, applies nothing more and leaves no timer", async () => {
    const page = openPage();
    await pass();
    page.send(said(1), said(2));
    page.following.stop();
    page.send(said(3));
    await pass(LONG);

    expect(page.last().unsubscribe).toHaveBeenCalledTimes(1);
    expect(page.applied).toEqual(["m1"]);
    expect(page.attempts).toHaveLength(1);
    expect(page.ends).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("also in a pause", async () => {
    const page = openPage("c0");
    page.last().sink.error(new Error("gone"));
    await pass();
    page.following.stop();
    await pass(LONG);

    expect(page.attempts).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("also while the query is under way", async () => {
    const page = openPage();
    page.following.stop();
    await pass(LONG);

    expect(page.attempts).toEqual([]);
  });
});
