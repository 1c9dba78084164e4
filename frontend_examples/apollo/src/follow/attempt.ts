import { Batch } from "./batch";
import { endOf, isEnd, outcomeOf, type Outcome } from "./outcome";
import type { Cursor, LastEvent, PositionedEvent, Source } from "./stream";

export interface Hooks<E> {
  apply: (events: readonly E[]) => void;
  caughtUp: () => void;
}

/** One subscription, from its beginning to its end. Never used twice. */
export class Attempt<E extends PositionedEvent> {
  readonly #batch = new Batch<E>((events) => this.#deliver(events));
  #isOver = false;
  #isSpoilt = false;
  #unsubscribe = (): void => undefined;
  #resolve: (outcome: Outcome) => void = () => undefined;

  constructor(private readonly hooks: Hooks<E>) {}

  /** Everything that came before the end has been applied when this resolves. */
  listen(subscribe: Source<E>["subscribe"], after: Cursor): Promise<Outcome> {
    const ended = new Promise<Outcome>((resolve) => (this.#resolve = resolve));
    const unsubscribe = subscribe(
      { after },
      {
        next: (event) => this.#receive(event),
        error: (error) => this.#end(outcomeOf(error)),
        complete: () => this.#end("DROPPED"),
      },
    );
    if (this.#isOver) unsubscribe();
    this.#unsubscribe = unsubscribe;
    return ended;
  }

  /** Apply nothing more, not even what has arrived: it comes again after the last cursor. */
  stop(): void {
    this.#batch.discard();
    this.#end("DROPPED");
  }

  #receive(event: E | LastEvent): void {
    if (this.#isOver) return;
    if (isLast(event)) {
      this.#end(event.__typename === "AccessRevoked" ? endOf(event.reason) : "QUERY_AGAIN");
    } else {
      this.#batch.add(event);
      if (event.__typename === "CaughtUp") this.#catchUp();
    }
  }

  #catchUp(): void {
    this.#batch.flush();
    if (!this.#isSpoilt) this.hooks.caughtUp();
  }

  #deliver(events: readonly E[]): void {
    if (this.#isSpoilt) return;
    try {
      this.hooks.apply(events);
    } catch (error) {
      console.error("An event could not be applied: the state is queried again.", error);
      this.#isSpoilt = true;
      this.#end("QUERY_AGAIN");
    }
  }

  #end(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unsubscribe();
    this.#batch.flush();
    this.#batch.discard();
    this.#resolve(this.#isSpoilt && !isEnd(outcome) ? "QUERY_AGAIN" : outcome);
  }
}

function isLast(event: PositionedEvent | LastEvent): event is LastEvent {
  return !("cursor" in event);
}
