/**
 * Follow a stream without gaps. This is the recipe, and all of it:
 *
 *   1. Query. The answer brings the state and `eventCursor`, at which that state is exact.
 *   2. Subscribe `after` that cursor. What came since is replayed, `CaughtUp` says that the
 *      replay is done, and the stream goes on live.
 *   3. Apply the events in order, and store the last cursor together with what they changed.
 *   4. When the connection drops, wait (exponential backoff, full jitter) and go to 2 with
 *      the last cursor. Each attempt is a subscription of its own: a library that reconnects
 *      silently would send the first attempt's `after` again.
 *   5. `CursorExpired`, or a cursor that is refused: go to 1.
 *   6. `AccessRevoked`, or no right to begin with: stop, and say why.
 */

import { Attempt } from "./attempt";
import { Backoff } from "./backoff";
import { isEnd, outcomeOf, type Outcome } from "./outcome";
import type { Cursor, Following, PositionedEvent, Source, Status } from "./stream";

export function follow<E extends PositionedEvent>(source: Source<E>): Following {
  const follower = new Follower(source);
  void follower.run();
  return follower;
}

class Follower<E extends PositionedEvent> implements Following {
  readonly #backoff = new Backoff();
  #cursor: Cursor | null;
  #isStopped = false;
  #stopAttempt = (): void => undefined;
  #endPause = (): void => undefined;

  constructor(private readonly source: Source<E>) {
    this.#cursor = source.cursor;
  }

  stop = (): void => {
    this.#isStopped = true;
    this.#stopAttempt();
    this.#endPause();
  };

  reconnectNow = (): void => {
    this.#backoff.reset();
    this.#endPause();
  };

  async run(): Promise<void> {
    while (!this.#hasStopped()) {
      const outcome = await this.#attempt();
      if (this.#hasStopped()) return;
      if (isEnd(outcome)) {
        this.stop();
        this.source.onEnd(outcome);
        return;
      }
      if (outcome === "QUERY_AGAIN") this.#cursor = null;
      await this.#pause(outcome);
    }
  }

  async #attempt(): Promise<Outcome> {
    this.#tell({ state: "connecting" });
    try {
      this.#cursor ??= await this.source.query();
    } catch (error) {
      return outcomeOf(error);
    }
    return this.#isStopped ? "DROPPED" : this.#listen(this.#cursor);
  }

  #listen(after: Cursor): Promise<Outcome> {
    const attempt = new Attempt<E>({
      apply: (events) => this.#apply(events),
      caughtUp: () => {
        this.#backoff.reset();
        this.#tell({ state: "live" });
      },
    });
    this.#stopAttempt = () => attempt.stop();
    this.#tell({ state: "replaying" });
    return attempt.listen(this.source.subscribe, after);
  }

  #apply(events: readonly E[]): void {
    const last = events.at(-1);
    if (last === undefined) return;
    this.source.apply(events, last.cursor);
    this.#cursor = last.cursor;
  }

  /** A state that has expired is no failure, the first time. */
  async #pause(outcome: Outcome): Promise<void> {
    const isAtOnce = outcome === "QUERY_AGAIN" && this.#backoff.isFresh;
    const delay = this.#backoff.next();
    if (isAtOnce) return;
    this.#tell({ state: "waiting", until: Date.now() + delay });
    await this.#sleep(delay);
  }

  #sleep(delay: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delay);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** A method, because it may become true during any `await`. */
  #hasStopped(): boolean {
    return this.#isStopped;
  }

  #tell(status: Status): void {
    if (!this.#isStopped) this.source.onStatus(status);
  }
}
