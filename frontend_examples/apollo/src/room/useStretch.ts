import { useApolloClient, useQuery } from "@apollo/client/react";
import { useState } from "react";
import { type LogFragment, NewestMessagesDocument } from "../gql/graphql";
import { downFrom, endOfLog, NEWEST, type Stretch, upFrom } from "./stretch";
import { useEarlier } from "./useEarlier";

const NOTHING: LogFragment = { __typename: "MessageConnection", nodes: [], pageInfo: { __typename: "PageInfo", hasPreviousPage: false, startCursor: null } };

/** What is drawn of a room's messages, and how it moves when somebody reads up or down. */
export function useStretch(roomId: string) {
  const { cache } = useApolloClient();
  const { data } = useQuery(NewestMessagesDocument, { variables: { id: roomId, count: NEWEST }, fetchPolicy: "cache-only" });
  const newest = data?.room?.messages ?? NOTHING;
  const earlier = useEarlier(roomId, newest.pageInfo);
  const [held, setHeld] = useState<Stretch | null>(null);
  const [first, setFirst] = useState<string | null>(null);
  const [seen, setSeen] = useState<string>();

  const drawn = held ?? endOfLog(newest.nodes, first);
  const lastSeen = newest.nodes.findIndex(({ id }) => id === seen);
  const [top, last] = [drawn.posts[0]?.id ?? null, drawn.posts.at(-1)?.id];
  if (held === null && top !== first) setFirst(top);

  async function showEarlier(): Promise<void> {
    if (top === null || !(drawn.hasMore || (await earlier.load()))) return;
    const further = upFrom(cache, roomId, top);
    setFirst(null);
    // While a page was on its way, the reader may have gone elsewhere.
    setHeld((now) => (now?.posts[0]?.id === top ? further : now));
  }
  return {
    posts: drawn.posts,
    isHeld: held !== null,
    /** Nothing has been said after what is drawn. */
    isWhole: newest.nodes.at(-1)?.id === last,
    /** What has been said since the reader went up, as far back as the newest are read … */
    unseen: held === null ? [] : newest.nodes.slice(lastSeen + 1),
    /** … and whether there may be more of it. */
    hasMoreUnseen: seen !== undefined && lastSeen < 0,
    hasEarlier: drawn.hasMore || earlier.hasEarlier,
    earlier: earlier.state,
    hold: () => {
      setHeld(drawn);
      setSeen(last);
    },
    release: () => setHeld(null),
    showEarlier: () => void showEarlier(),
    showLater: () => {
      if (held !== null && last !== undefined) setHeld(downFrom(cache, roomId, last));
    },
  };
}
