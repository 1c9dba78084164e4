import { useApolloClient } from "@apollo/client/react";
import { useRef, useState } from "react";
import { fetchPage, prepend } from "../api/pages";
import { EarlierMessagesDocument, type LogFragment } from "../gql/graphql";
import { keepPost } from "./room_events";

/** The page of history before the first message that is loaded. */
export function useEarlier(roomId: string, { hasPreviousPage, startCursor }: LogFragment["pageInfo"]) {
  const client = useApolloClient();
  const isRunning = useRef(false);
  const [state, setState] = useState<"idle" | "loading" | "failed">("idle");

  /** Whether there is more than before. */
  async function load(): Promise<boolean> {
    const before = hasPreviousPage ? startCursor : null;
    if (before === null || isRunning.current) return false;
    isRunning.current = true;
    setState("loading");
    const data = await fetchPage(client, EarlierMessagesDocument, { id: roomId, before }).catch(() => null);
    const where = { of: `Room:${roomId}`, field: "messages", keep: keepPost.bind(null, client.cache) };
    if (data?.room) prepend(client, where, before, data.room.messages);
    setState(data?.room ? "idle" : "failed");
    isRunning.current = false;
    return Boolean(data?.room);
  }

  return { state, hasEarlier: hasPreviousPage, load };
}
