import { useApolloClient } from "@apollo/client/react";
import { useRef, useState } from "react";
import { fetchPage, prepend } from "../api/pages";
import { EarlierMessagesDocument } from "../gql/graphql";
import type { Room } from "./RoomBar";
import { keepPost } from "./room_events";

/** The page of history before the first message that is loaded. */
export function useEarlier(roomId: string, { pageInfo }: Room["messages"]) {
  const client = useApolloClient();
  const isRunning = useRef(false);
  const [state, setState] = useState<"idle" | "loading" | "failed">("idle");

  async function load(): Promise<void> {
    const before = pageInfo.hasPreviousPage ? pageInfo.startCursor : null;
    if (before === null || isRunning.current) return;
    isRunning.current = true;
    setState("loading");
    const data = await fetchPage(client, EarlierMessagesDocument, { id: roomId, before }).catch(() => null);
    const where = { of: `Room:${roomId}`, field: "messages", keep: keepPost.bind(null, client.cache) };
    if (data?.room) prepend(client, where, before, data.room.messages);
    setState(data?.room ? "idle" : "failed");
    isRunning.current = false;
  }

  return { state, hasEarlier: pageInfo.hasPreviousPage, load: () => void load() };
}
