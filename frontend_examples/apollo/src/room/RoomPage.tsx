import { useApolloClient, useQuery } from "@apollo/client/react";
import { useEffect, useRef, useState } from "react";
import { homePath } from "../api/address";
import { roomIdOf } from "../api/ids";
import { useApp } from "../app_context";
import type { EndReason } from "../follow/stream";
import { useFollowing } from "../follow/useFollowing";
import { RoomFrameDocument } from "../gql/graphql";
import { forget } from "../home/viewer_events";
import { nameOf } from "../ui/people";
import { Spinner } from "../ui/Spinner";
import { Conversation } from "./Conversation";
import { followRoom } from "./followRoom";
import { Panel } from "./Panel";
import type { RoomEvent } from "./room_events";
import { RoomBar } from "./RoomBar";
import { useOutbox } from "./useOutbox";

const FAREWELLS: Record<Exclude<EndReason, "SIGNED_OUT">, string> = {
  REMOVED: "The owner has removed you from this room.",
  LEFT: "You have left the room.",
  ROOM_DELETED: "The room has been deleted.",
  NOT_FOUND: "There is no such room, or you are not in it.",
};

export function RoomPage({ databaseId }: { databaseId: string }) {
  const client = useApolloClient();
  const { go, notify, signedOut } = useApp();
  const id = roomIdOf(databaseId);
  const { data } = useQuery(RoomFrameDocument, { variables: { id }, fetchPolicy: "cache-only" });
  const room = data?.room;
  const viewer = data?.viewer?.user;
  const { outbox, copies } = useOutbox(id, viewer?.id ?? null);
  const [isPanelOpen, setIsPanelOpen] = useState(false);

  /** The stream's end and the answer to a mutation may both say so: who is gone already stays where they went. */
  const hasLeft = useRef(false);
  function leave(reason: EndReason): void {
    if (hasLeft.current) return;
    hasLeft.current = true;
    forget(client.cache, id);
    if (reason === "SIGNED_OUT") return signedOut(room ? "You have been signed out." : "");
    const title = room ? `“${room.title}”: ` : "";
    notify(`${title}${FAREWELLS[reason]}`);
    go(homePath);
  }
  const status = useFollowing<RoomEvent>((on) => followRoom(client, id, on), {
    onQuery: () => outbox?.removeSent(),
    onEvents: (events) => {
      for (const event of events) {
        if (event.__typename === "MessageSent" && event.clientMutationId) outbox?.remove(event.clientMutationId);
        if (event.__typename === "JoinRequestCreated") notify(`${nameOf(event.joinRequest.user)} is at the door.`);
      }
    },
    onEnd: leave,
  });
  useEffect(() => {
    if (status.state === "live") void outbox?.flush();
  }, [status.state, outbox]);

  if (!room || !viewer) {
    return (
      <main className="room-loading" aria-busy="true">
        <Spinner label="The room is on its way" isLate={status.state === "waiting"} />
      </main>
    );
  }
  return (
    <div className="room" data-panel={isPanelOpen}>
      <RoomBar room={room} viewer={viewer} status={status} isPanelOpen={isPanelOpen} onPanel={() => setIsPanelOpen(!isPanelOpen)} />
      <Conversation roomId={id} viewer={viewer} outbox={outbox} copies={copies} isLive={status.state === "live"} />
      <Panel room={room} viewer={viewer} onClose={() => setIsPanelOpen(false)} onGone={leave} />
    </div>
  );
}
