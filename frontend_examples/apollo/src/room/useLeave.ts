import { useApolloClient } from "@apollo/client/react";
import { useRef } from "react";
import { homePath } from "../api/address";
import { useApp } from "../app_context";
import type { EndReason } from "../follow/stream";
import { forget } from "../home/viewer_events";

const FAREWELLS: Record<Exclude<EndReason, "SIGNED_OUT">, string> = {
  REMOVED: "The owner has removed you from this room.",
  LEFT: "You have left the room.",
  ROOM_DELETED: "The room has been deleted.",
  NOT_FOUND: "There is no such room, or you are not in it.",
};

/** How the viewer leaves a room's page for good; `title` is undefined as long as it was never shown. */
export function useLeave(roomId: string, title: string | undefined): (reason: EndReason) => void {
  const client = useApolloClient();
  const { go, notify, signedOut } = useApp();
  /** The stream's end and the answer to a mutation may both say so: who is gone already stays where they went. */
  const hasLeft = useRef(false);

  return (reason) => {
    if (hasLeft.current) return;
    hasLeft.current = true;
    forget(client.cache, roomId);
    if (reason === "SIGNED_OUT") return signedOut(title === undefined ? "" : "You have been signed out.");
    notify(`${title === undefined ? "" : `“${title}”: `}${FAREWELLS[reason]}`);
    go(homePath);
  };
}
