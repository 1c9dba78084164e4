/**
 * The words of the recipe. Nothing here knows a framework or a GraphQL client.
 */

export type Cursor = string;

/** Why there is nothing more to follow. The first three come as `AccessRevoked`. */
export type EndReason = "REMOVED" | "LEFT" | "ROOM_DELETED" | "SIGNED_OUT" | "NOT_FOUND";

export type Status =
  | { state: "connecting" | "replaying" | "live" }
  /** Trying again at `until`, in milliseconds since the epoch. */
  | { state: "waiting"; until: number };

/** An event of the stream, with the position just after it. */
export interface PositionedEvent {
  __typename: string;
  cursor: Cursor;
}

/** What a stream ends with. They have no cursor: there is nothing to resume. */
export type LastEvent =
  | { __typename: "AccessRevoked"; reason: string }
  | { __typename: "CursorExpired" };

export interface Sink<E> {
  next: (event: E | LastEvent) => void;
  /** Whatever the client library gives; `outcomeOf` reads it. */
  error: (error: unknown) => void;
  complete: () => void;
}

/** Where the state comes from and where the events go. */
export interface Source<E> {
  /** The cursor of a state that is already there; without one, `query` comes first. */
  cursor: Cursor | null;
  /**
   * Query, replace the state, and return the `eventCursor` of the same answer.
   * Throws a `Refused` where there is nothing to follow.
   */
  query: () => Promise<Cursor>;
  /**
   * Subscribe once, with these variables, and never reconnect. Returns how to unsubscribe.
   */
  subscribe: (variables: { after: Cursor }, sink: Sink<E>) => () => void;
  /**
   * Change the state by these events, in this order, and store the cursor with it, all in
   * one write. If it throws, the state is queried again.
   */
  apply: (events: readonly E[], cursor: Cursor) => void;
  onStatus: (status: Status) => void;
  /** Called at most once, and nothing is called after it. */
  onEnd: (reason: EndReason) => void;
}

/** What a page wants to know while its state is followed. */
export interface Listener<E> {
  /** A query is about to be run: it shows what was there before it. */
  onQuery: () => void;
  /** After they were applied. */
  onEvents: (events: readonly E[]) => void;
  onStatus: (status: Status) => void;
  onEnd: (reason: EndReason) => void;
}

export interface Following {
  /** Stop everything; nothing is called after this. */
  stop: () => void;
  /** Cut a pause short, because the network is back or the person is. */
  reconnectNow: () => void;
}
