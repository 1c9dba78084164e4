/**
 * What the end of an attempt means, read from whatever a GraphQL client gives: Apollo's
 * `errors`, urql's `graphQLErrors` and `networkError`, graphql-ws's array, or the event that
 * closed the socket.
 */

import type { EndReason } from "./stream";

/** Subscribe again after the same cursor; query again first; or do neither. */
export type Outcome = "DROPPED" | "QUERY_AGAIN" | EndReason;

/** The answer to a query that had nothing to follow in it. */
export class Refused extends Error {
  constructor(readonly code: "UNAUTHENTICATED" | "NOT_FOUND") {
    super(code);
  }
}

const BY_CODE: Readonly<Record<string, Outcome>> = {
  UNAUTHENTICATED: "SIGNED_OUT",
  "4401": "SIGNED_OUT",
  "4403": "SIGNED_OUT",
  NOT_FOUND: "NOT_FOUND",
  // A cursor that is empty, damaged or another stream's.
  INVALID: "QUERY_AGAIN",
};

const END_REASONS: readonly string[] = [
  "REMOVED",
  "LEFT",
  "ROOM_DELETED",
  "SIGNED_OUT",
  "NOT_FOUND",
] satisfies EndReason[];

/** Whatever is not understood is worth another try. */
export function outcomeOf(error: unknown): Outcome {
  return BY_CODE[String(codeOf(error))] ?? "DROPPED";
}

/** The reason of an `AccessRevoked`; a new one that this client does not know ends it as well. */
export function endOf(reason: string): EndReason {
  return isEnd(reason) ? reason : "NOT_FOUND";
}

export function isEnd(outcome: string): outcome is EndReason {
  return END_REASONS.includes(outcome);
}

function codeOf(error: unknown): unknown {
  if (!isRecord(error)) return undefined;
  const first: unknown = [error, error["errors"], error["graphQLErrors"]].find(isFilled)?.[0];
  if (!isRecord(first)) return error["code"] ?? codeOf(error["networkError"]);
  return isRecord(first["extensions"]) ? first["extensions"]["code"] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isFilled(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length > 0;
}
