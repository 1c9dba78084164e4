import type { RoomAccess } from "../gql/graphql";

/** Ajar when the room is open, shut when one has to ask. */
export function Door({ access }: { access: RoomAccess }) {
  return <span className="door" data-access={access} aria-hidden="true" />;
}

/** A room in a list: its door, its title, and a smaller line below it. */
export function Doorplate({ room, detail }: { room: { title: string; access: RoomAccess }; detail: string }) {
  return (
    <span className="plate">
      <Door access={room.access} />
      <span className="plate-lines">
        <span className="plate-name">{room.title}</span>
        <span className="detail">{detail}</span>
      </span>
    </span>
  );
}

export function accessName(access: RoomAccess): string {
  return access === "OPEN" ? "Open to everyone" : "By request";
}
