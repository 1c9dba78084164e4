/**
 * What was written and has not yet come back as an event.
 *
 * Every message has a clientMutationId, and the server makes one message of it however often
 * it is sent. So a send without an answer is repeated: after a pause, when the stream is live
 * again, or after a reload. Messages go one at a time, in the order in which they were written.
 */

import type { Problem } from "../api/act";

export interface Copy {
  /** The clientMutationId. */
  id: string;
  text: string;
  writtenAt: string;
  /** `sent`: the server has it, and its event is still to come. */
  state: "sending" | "waiting" | "failed" | "sent";
  reason?: string;
}

export interface Delivery {
  /** Send it once; idempotent by its id. */
  send: (copy: Copy) => Promise<{ messageId: string } | Problem>;
  /** Whether the room shows this message already. */
  isKnown: (messageId: string) => boolean;
}

const RETRY_MS = 4_000;

export class Outbox {
  #copies: readonly Copy[];
  #listeners = new Set<() => void>();
  #isSending = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly delivery: Delivery,
    private readonly store: { load: () => Copy[]; save: (copies: readonly Copy[]) => void },
  ) {
    this.#copies = store.load().map((copy) => ({ ...copy, state: copy.state === "failed" ? "failed" : "waiting" }));
  }

  /** The same array until something changes. */
  copies = (): readonly Copy[] => this.#copies;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  add(id: string, text: string): void {
    this.#become([...this.#copies, { id, text, writtenAt: new Date().toISOString(), state: "sending" }]);
    void this.flush();
  }

  /** Try again with the same id. */
  retry = (id: string): void => {
    this.#mark(id, { state: "waiting" });
    void this.flush();
  };

  /** Its event has come, or the person does not want it any more. */
  remove = (id: string): void => {
    if (this.#copies.some((copy) => copy.id === id)) this.#become(this.#copies.filter((copy) => copy.id !== id));
  };

  /** A query that begins now shows all that was sent before it. */
  removeSent(): void {
    this.#become(this.#copies.filter(({ state }) => state !== "sent"));
  }

  /** Send everything that waits, oldest first, until something stays without an answer. */
  async flush(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    clearTimeout(this.#timer);
    for (let copy = this.#next(); copy; copy = this.#next()) {
      if (!(await this.#deliver(copy))) {
        this.#timer = setTimeout(() => void this.flush(), RETRY_MS);
        break;
      }
    }
    this.#isSending = false;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  async #deliver(copy: Copy): Promise<boolean> {
    this.#mark(copy.id, { state: "sending" });
    const answer = await this.delivery.send(copy);
    if ("messageId" in answer) {
      if (this.delivery.isKnown(answer.messageId)) this.remove(copy.id);
      else this.#mark(copy.id, { state: "sent" });
      return true;
    }
    this.#mark(copy.id, { state: answer.code === null ? "waiting" : "failed", reason: answer.message });
    return answer.code !== null;
  }

  #next(): Copy | undefined {
    return this.#copies.find(({ state }) => state === "waiting" || state === "sending");
  }

  #mark(id: string, delivery: Pick<Copy, "state" | "reason">): void {
    this.#become(this.#copies.map((copy) => (copy.id === id ? { ...copy, ...delivery } : copy)));
  }

  #become(copies: readonly Copy[]): void {
    this.#copies = copies;
    this.store.save(copies.filter(({ state }) => state !== "sent"));
    for (const listener of this.#listeners) listener();
  }
}
