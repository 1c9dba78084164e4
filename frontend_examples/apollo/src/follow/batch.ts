/** About a frame: a burst of events costs one change of the page, not one each. */
export const BATCH_MS = 16;

/**
 * Gathers what comes in quick succession. The first is delivered at once, so what comes
 * alone never waits; what follows within `BATCH_MS` is delivered together.
 */
export class Batch<T> {
  #items: T[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly deliver: (items: readonly T[]) => void) {}

  add(item: T): void {
    this.#items.push(item);
    if (this.#timer === null) this.flush();
  }

  /** Deliver what is there. */
  flush(): void {
    this.#stopTimer();
    if (this.#items.length === 0) return;
    const items = this.#items;
    this.#items = [];
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.flush();
    }, BATCH_MS);
    this.deliver(items);
  }

  /** Deliver nothing more. */
  discard(): void {
    this.#stopTimer();
    this.#items = [];
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
