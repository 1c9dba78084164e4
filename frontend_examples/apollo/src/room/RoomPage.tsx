import { useApolloClient, useQuery } from "@apollo/client/react";
import { useEffect, useRef, useState } from "react";
import { roomIdOf } from "../api/ids";
import { useApp } from "../app_context";
import { useFollowing } from "../follow/useFollowing";
import { RoomFrameDocument } from "../gql/graphql";
import { nameOf } from "../ui/people";
import { Spinner } from "../ui/Spinner";
import { Conversation } from "./Conversation";
import { followRoom } from "./followRoom";
import { Panel } from "./Panel";
import type { RoomEvent } from "./room_events";
import { RoomBar } from "./RoomBar";
import { useLeave } from "./useLeave";
import { useOutbox } from "./useOutbox";

export function RoomPage({ databaseId }: { databaseId: string }) {
  const client = useApolloClient();
  const { notify } = useApp();
  const id = roomIdOf(databaseId);
  const { data } = useQuery(RoomFrameDocument, { variables: { id }, fetchPolicy: "cache-only" });
  const room = data?.room;
  const viewer = data?.viewer?.user;
  const { outbox, copies } = useOutbox(id, viewer?.id ?? null);
  const [isPanelOpen, setIsPanelOpen] = useState(false);
  const toggle = useRef<HTMLButtonElement>(null);
  function closePanel(): void {
    setIsPanelOpen(false);
    toggle.current?.focus();
  }

  const leave = useLeave(id, room?.title);
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
      <RoomBar room={room} viewer={viewer} status={status} isPanelOpen={isPanelOpen} onPanel={() => setIsPanelOpen(!isPanelOpen)} toggle={toggle} />
      <Conversation roomId={id} viewer={viewer} outbox={outbox} copies={copies} isLive={status.state === "live"} />
      <Panel room={room} viewer={viewer} onClose={closePanel} onGone={leave} />
    </div>
  );
}
