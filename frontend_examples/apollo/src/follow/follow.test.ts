import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { caughtUp, openPage, pass, said } from "./fake_stream";

const LONG = 60_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("state, then events", () => {
  test("subscribes after the cursor of the query's own answer", async () => {
    const page = openPage();
    await pass();

    expect(page.attempts.map(({ after }) => after)).toEqual(["c0"]);
  });

  test("what happens between the query and the subscription is replayed and applied", async () => {
    const page = openPage();
    await pass();
    page.send(said(1), said(2), caughtUp(2));

    expect(page.applied).toEqual(["m1", "m2"]);
    expect(page.statuses).toEqual(["connecting", "replaying", "live"]);
  });

  test("a state that is there already is resumed without a query", async () => {
    const page = openPage("c7");
    await pass();

    expect(page.query).not.toHaveBeenCalled();
    expect(page.last().after).toBe("c7");
  });

  test("a burst is applied in order, together, with the cursor of its last event", async () => {
    const page = openPage();
    await pass();
    page.send(said(1), said(2), said(3), said(4));
    expect(page.applied).toEqual(["m1"]);
    await pass(20);

    expect(page.applied).toEqual(["m1", "m2", "m3", "m4"]);
    expect(page.cursors).toEqual(["c1", "c4"]);
  });

  test("an event that comes alone is applied at once", async () => {
    const page = openPage();
    await pass();
    page.send(said(1));
    await pass(1_000);
    page.send(said(2));

    expect(page.applied).toEqual(["m1", "m2"]);
  });
});

describe("a connection that drops", () => {
  test("resumes after the last event that was applied, by a subscription of its own", async () => {
    const page = openPage();
    await pass();
    page.send(said(1), said(2), said(3));
    page.last().sink.error({ code: 1006, reason: "" });
    await pass(LONG);

    expect(page.attempts.map(({ after }) => after)).toEqual(["c0", "c3"]);
    expect(page.applied).toEqual(["m1", "m2", "m3"]);
    expect(page.query).toHaveBeenCalledTimes(1);
  });

  test("a stream that completes without a last event is resumed as well", async () => {
    const page = openPage();
    await pass();
    page.send(said(1));
    page.last().sink.complete();
    await pass(LONG);

    expect(page.attempts.map(({ after }) => after)).toEqual(["c0", "c1"]);
  });

  test("what a finished attempt still says is not applied twice", async () => {
    const page = openPage();
    await pass();
    const first = page.last();
    first.sink.error(new Error("gone"));
    await pass(LONG);
    first.sink.next(said(1));
    page.send(said(1), said(2), caughtUp(2));

    expect(page.applied).toEqual(["m1", "m2"]);
  });

  test("waits longer and longer, to a limit, and never as long as others do", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const page = openPage("c0");
    const waits: number[] = [];
    for (let failures = 0; failures < 9; failures += 1) {
      await pass();
      const [attempts, since] = [page.attempts.length, Date.now()];
      page.last().sink.error(new Error("gone"));
      while (page.attempts.length === attempts) await pass(10);
      waits.push(Date.now() - since);
    }

    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  });

  test("begins with short waits again once it has caught up", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    const page = openPage("c0");
    for (let failures = 0; failures < 5; failures += 1) {
      page.last().sink.error(new Error("gone"));
      await pass(LONG);
    }
    page.send(caughtUp(0));
    page.last().sink.error(new Error("gone"));
    const attempts = page.attempts.length;
    await pass(500);

    expect(page.attempts.length).toBe(attempts + 1);
  });

  test("reconnectNow cuts the pause short", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    const page = openPage("c0");
    page.last().sink.error(new Error("gone"));
    await pass();
    expect(page.statuses.at(-1)).toBe("waiting");
    page.following.reconnectNow();
    await pass();

    expect(page.attempts).toHaveLength(2);
  });

  test("a query without an answer is repeated", async () => {
    const page = openPage(null, () => Promise.reject(new Error("offline")));
    page.query.mockResolvedValue("c4");
    await pass(LONG);

    expect(page.attempts.map(({ after }) => after)).toEqual(["c4"]);
  });
});

