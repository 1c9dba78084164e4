import { memo, type Ref } from "react";
import { homePath } from "../api/address";
import type { Status } from "../follow/stream";
import type { PersonFragment, RoomFrameFragment } from "../gql/graphql";
import { Button } from "../ui/Button";
import { Door } from "../ui/Door";
import { Link } from "../ui/Link";
import { nameOf } from "../ui/people";
import { StatusLine } from "../ui/StatusLine";
import { usePageTitle } from "../ui/usePageTitle";

export type Room = RoomFrameFragment;

interface Props {
  room: Room;
  viewer: PersonFragment;
  status: Status;
  isPanelOpen: boolean;
  onPanel: () => void;
  toggle: Ref<HTMLButtonElement>;
}

export const RoomBar = memo(function RoomBar({ room, viewer, status, isPanelOpen, onPanel, toggle }: Props) {
  const heading = usePageTitle(room.title);
  const waiting = room.joinRequests?.nodes.length ?? 0;
  return (
    <header className="bar room-bar">
      <Link className="button quiet icon back" href={homePath} aria-label="Back to your rooms">
        <span aria-hidden="true">‹</span>
      </Link>
      <Door access={room.access} />
      <div className="room-names">
        <h1 ref={heading} tabIndex={-1}>
          {room.title}
        </h1>
        <p className="detail">{room.owner.id === viewer.id ? "Your room" : `${nameOf(room.owner)}’s room`}</p>
      </div>
      <StatusLine status={status} />
      <Button ref={toggle} className="small panel-toggle" aria-expanded={isPanelOpen} aria-controls="panel" onClick={onPanel}>
        People
        {waiting > 0 && (
          <span className="count hot">
            {waiting}
            <span className="visually-hidden"> waiting</span>
          </span>
        )}
      </Button>
    </header>
  );
});
