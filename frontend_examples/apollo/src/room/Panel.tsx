import type { KeyboardEvent } from "react";
import type { EndReason } from "../follow/stream";
import type { PersonFragment } from "../gql/graphql";
import { AtTheDoor } from "./AtTheDoor";
import { JoinCode } from "./JoinCode";
import { Members } from "./Members";
import type { Room } from "./RoomBar";
import { Settings } from "./Settings";

interface Props {
  room: Room;
  viewer: PersonFragment;
  onClose: () => void;
  onGone: (reason: EndReason) => void;
}

/** People and settings. On narrow screens it lies over the conversation. */
export function Panel({ room, viewer, onClose, onGone }: Props) {
  const isDoor = room.access === "BY_REQUEST";
  function onKeyDown(event: KeyboardEvent): void {
    const isInDialog = event.target instanceof Element && event.target.closest("dialog") !== null;
    if (event.key === "Escape" && !isInDialog) onClose();
  }
  return (
    <aside className="panel" id="panel" aria-label="People and settings" onKeyDown={onKeyDown}>
      {isDoor && room.joinRequests && <AtTheDoor roomId={room.id} requests={room.joinRequests} />}
      {isDoor && room.joinCode !== null && <JoinCode roomId={room.id} code={room.joinCode} />}
      <Members room={room} viewer={viewer} />
      <Settings room={room} onGone={onGone} />
    </aside>
  );
}
