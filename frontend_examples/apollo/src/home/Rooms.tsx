import { useApolloClient } from "@apollo/client/react";
import { useState } from "react";
import { roomPath } from "../api/address";
import { keep } from "../api/lists";
import { append, fetchPage } from "../api/pages";
import { type HomeQuery, MoreRoomsDocument, RoomCardFragmentDoc } from "../gql/graphql";
import { Button } from "../ui/Button";
import { accessName, Doorplate } from "../ui/Door";
import { Link } from "../ui/Link";
import { nameOf } from "../ui/people";
import { CreateRoom } from "./CreateRoom";
import { VIEWER } from "./viewer_events";

type Connection = NonNullable<HomeQuery["viewer"]>["rooms"];

export function Rooms({ rooms, viewerId }: { rooms: Connection; viewerId: string }) {
  const [isCreating, setIsCreating] = useState(false);
  const byTitle = rooms.nodes.toSorted((a, b) => a.title.localeCompare(b.title));
  return (
    <section aria-labelledby="rooms">
      <div className="section-head">
        <h2 id="rooms" tabIndex={-1}>Your rooms</h2>
        <Button className="small primary" onClick={() => setIsCreating(true)}>
          Create a room
        </Button>
      </div>
      {byTitle.length === 0 ? (
        <p className="empty">You are in no room yet. Create one, or knock at someone’s door.</p>
      ) : (
        <ul className="card list">
          {byTitle.map((room) => (
            <li key={room.id}>
              <Link className="row row-link" href={roomPath(room.databaseId)}>
                <Doorplate room={room} detail={`${room.owner.id === viewerId ? "Yours" : nameOf(room.owner)} · ${accessName(room.access)}`} />
                <span className="chevron" aria-hidden="true" />
              </Link>
            </li>
          ))}
        </ul>
      )}
      {rooms.pageInfo.hasNextPage && <MoreRooms after={rooms.pageInfo.endCursor ?? ""} />}
      {isCreating && <CreateRoom onClose={() => setIsCreating(false)} />}
    </section>
  );
}

function MoreRooms({ after }: { after: string }) {
  const client = useApolloClient();
  async function load(): Promise<void> {
    const page = (await fetchPage(client, MoreRoomsDocument, { after }).catch(() => null))?.viewer?.rooms;
    if (!page) return;
    const where = { of: VIEWER, field: "rooms", keep: (room: Connection["nodes"][number]) => keep(client.cache, RoomCardFragmentDoc, "RoomCard", room) };
    append(client, where, after, page);
  }
  return (
    <Button className="small" onClick={() => void load()}>
      More rooms
    </Button>
  );
}
