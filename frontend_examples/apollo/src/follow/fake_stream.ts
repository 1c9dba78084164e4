/** A server to follow, played by a test: it says what each attempt gets, and when. */

import { vi } from "vitest";
import { follow } from "./follow";
import type { Cursor, EndReason, LastEvent, PositionedEvent, Sink, Status } from "./stream";

export interface Said extends PositionedEvent {
  text?: string;
}

export function said(position: number): Said {
  return { __typename: "MessageSent", cursor: `c${position}`, text: `m${position}` };
}

export function caughtUp(position: number): Said {
  return { __typename: "CaughtUp", cursor: `c${position}` };
}

interface Subscription {
  after: Cursor;
  sink: Sink<Said>;
  unsubscribe: ReturnType<typeof vi.fn>;
}

/** A page that follows; `attempts` are the subscriptions that it has made. */
export function openPage(stored: Cursor | null = null, answer = () => Promise.resolve("c0")) {
  const attempts: Subscription[] = [];
  const applied: string[] = [];
  const cursors: Cursor[] = [];
  const statuses: Status["state"][] = [];
  const ends: EndReason[] = [];
  const query = vi.fn<() => Promise<Cursor>>(answer);
  const apply = vi.fn((events: readonly Said[], cursor: Cursor) => {
    applied.push(...events.flatMap(({ text }) => text ?? []));
    cursors.push(cursor);
  });
  const following = follow<Said>({
    cursor: stored,
    query,
    subscribe: ({ after }, sink) => {
      const unsubscribe = vi.fn();
      attempts.push({ after, sink, unsubscribe });
      return unsubscribe;
    },
    apply,
    onStatus: ({ state }) => statuses.push(state),
    onEnd: (reason) => ends.push(reason),
  });
  const last = (): Subscription => {
    const attempt = attempts.at(-1);
    if (attempt === undefined) throw new Error("Nobody has subscribed.");
    return attempt;
  };
  /** What the server sends to the present attempt. */
  const send = (...events: (Said | LastEvent)[]): void => events.forEach((event) => last().sink.next(event));
  return { following, query, apply, attempts, applied, cursors, statuses, ends, last, send };
}

/** Let promises settle and timers run. */
export async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}
