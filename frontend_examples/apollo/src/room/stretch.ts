/**
 * A stretch of a long log: so many messages are drawn, however many are kept.
 *
 * Whoever is at the end sees the newest. Whoever reads further up holds a stretch, which
 * moves with them and not with what is said below.
 */

import type { ApolloCache, Reference } from "@apollo/client";
import { references } from "../api/lists";
import { PostFragmentDoc, type PostFragment } from "../gql/graphql";

export interface Stretch {
  posts: readonly PostFragment[];
  /** Whether more is kept before it. */
  hasMore: boolean;
}

/** As many of the newest are read … */
export const NEWEST = 200;
/** … and drawn until there are more. Then these are left, so that rows seldom go. */
const DRAWN = 150;
const HELD = 300;
const STEP = 100;

/** The end of the log, from `first` on unless that is too far up. */
export function endOfLog(newest: readonly PostFragment[], first: string | null): Stretch {
  const found = newest.findIndex(({ id }) => id === first);
  const start = found < 0 || newest.length - found >= NEWEST ? Math.max(0, newest.length - DRAWN) : found;
  return { posts: newest.slice(start), hasMore: start > 0 };
}

/** As much as may be held, beginning a step before `first`. */
export function upFrom(cache: ApolloCache, roomId: string, first: string): Stretch {
  const all = kept(cache, roomId);
  const start = Math.max(0, indexOf(cache, all, first) - STEP);
  return { posts: postsOf(cache, all.slice(start, start + HELD)), hasMore: start > 0 };
}

/** As much as may be held, ending a step after `last`. */
export function downFrom(cache: ApolloCache, roomId: string, last: string): Stretch {
  const all = kept(cache, roomId);
  const end = Math.min(indexOf(cache, all, last) + 1 + STEP, all.length);
  const start = Math.max(0, end - HELD);
  return { posts: postsOf(cache, all.slice(start, end)), hasMore: start > 0 };
}

export function isKept(cache: ApolloCache, roomId: string, message: string): boolean {
  return indexOf(cache, kept(cache, roomId), message) >= 0;
}

function kept(cache: ApolloCache, roomId: string): readonly Reference[] {
  return references(cache, { of: `Room:${roomId}`, field: "messages" });
}

function indexOf(cache: ApolloCache, all: readonly Reference[], message: string): number {
  const id = cache.identify({ __typename: "Message", id: message });
  return all.findIndex(({ __ref }) => __ref === id);
}

function postsOf(cache: ApolloCache, all: readonly Reference[]): PostFragment[] {
  const read = ({ __ref }: Reference) => cache.readFragment({ id: __ref, fragment: PostFragmentDoc, fragmentName: "Post" });
  return all.map(read).filter((post) => post !== null);
}
