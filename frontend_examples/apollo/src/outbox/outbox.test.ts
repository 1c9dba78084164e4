import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Copy, type Delivery, Outbox } from "./outbox";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const REFUSED = { code: "INVALID", message: "Too long." } as const;
const UNREACHABLE = { code: null, message: "The server cannot be reached right now." };

function outboxWith(send: Delivery["send"], kept: Copy[] = []) {
  const sent: string[] = [];
  const saved = { copies: kept };
  const delivery = {
    send: (copy: Copy) => {
      sent.push(copy.id);
      return send(copy);
    },
    isKnown: () => false,
  };
  const outbox = new Outbox(delivery, { load: () => kept, save: (copies) => (saved.copies = [...copies]) });
  const states = (): string[] => outbox.copies().map(({ id, state }) => `${id} ${state}`);
  return { outbox, sent, states, saved, delivery };
}

const accept = (copy: Copy) => Promise.resolve({ messageId: `of ${copy.id}` });

test("a message is shown at once and stays until its event comes", async () => {
  const { outbox, states } = outboxWith(accept);
  outbox.add("a", "hello");
  expect(states()).toEqual(["a sending"]);
  await vi.advanceTimersByTimeAsync(0);
  expect(states()).toEqual(["a sent"]);
  outbox.remove("a");

  expect(states()).toEqual([]);
});

test("without an answer it is sent again with the same id, and later ones wait behind it", async () => {
  const send = vi.fn<Delivery["send"]>(accept).mockResolvedValueOnce(UNREACHABLE);
  const { outbox, sent, states } = outboxWith(send);
  outbox.add("a", "one");
  outbox.add("b", "two");
  await vi.advanceTimersByTimeAsync(0);
  expect(states()).toEqual(["a waiting", "b sending"]);
  await vi.advanceTimersByTimeAsync(5_000);

  expect(sent).toEqual(["a", "a", "b"]);
  expect(states()).toEqual(["a sent", "b sent"]);
});

test("what is refused stays, says why, holds nobody up, and can be retried with the same id", async () => {
  const send = vi.fn<Delivery["send"]>(accept).mockResolvedValueOnce(REFUSED);
  const { outbox, sent, states } = outboxWith(send);
  outbox.add("a", "one");
  outbox.add("b", "two");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(states()).toEqual(["a failed", "b sent"]);
  expect(outbox.copies()[0]?.reason).toBe("Too long.");
  outbox.retry("a");
  await vi.advanceTimersByTimeAsync(0);

  expect(sent).toEqual(["a", "b", "a"]);
  expect(states()).toEqual(["a sent", "b sent"]);
});

test("a message whose event came before the answer is gone", async () => {
  const { outbox, states, delivery } = outboxWith(accept);
  delivery.isKnown = () => true;
  outbox.add("a", "one");
  await vi.advanceTimersByTimeAsync(0);

  expect(states()).toEqual([]);
});

test("what is unsent survives a reload, and what was sent does not come back", async () => {
  const before = outboxWith((copy) => (copy.id === "a" ? accept(copy) : Promise.resolve(UNREACHABLE)));
  before.outbox.add("a", "one");
  before.outbox.add("b", "two");
  await vi.advanceTimersByTimeAsync(0);
  const after = outboxWith(accept, before.saved.copies);
  await after.outbox.flush();

  expect(after.sent).toEqual(["b"]);
});

test("a query shows what was sent before it, so those copies go", async () => {
  const { outbox, states } = outboxWith(accept);
  outbox.add("a", "one");
  await vi.advanceTimersByTimeAsync(0);
  outbox.removeSent();

  expect(states()).toEqual([]);
});
