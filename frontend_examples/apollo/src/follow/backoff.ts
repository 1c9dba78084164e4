const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** How long to wait before trying again: exponential, capped, with full jitter. */
export class Backoff {
  #failures = 0;

  /** Nothing has failed since the last `reset`. */
  get isFresh(): boolean {
    return this.#failures === 0;
  }

  /** The next pause in milliseconds; each may be twice as long as the one before. */
  next(): number {
    const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#failures);
    this.#failures += 1;
    return Math.random() * longest;
  }

  reset(): void {
    this.#failures = 0;
  }
}
