import { useQuery } from "@apollo/client/react";
import { useDeferredValue, useEffect, useState } from "react";
import { roomPath } from "../api/address";
import { useApp } from "../app_context";
import { JoinRoomDocument, OpenRoomsDocument, type PreviewFragment, type RoomCardFragment } from "../gql/graphql";
import { Button } from "../ui/Button";
import { Doorplate } from "../ui/Door";
import { Link } from "../ui/Link";
import { nameOf } from "../ui/people";
import { useAct } from "../ui/useAct";
import { useSettled } from "../ui/useSettled";

const SEARCH_PAUSE_MS = 250;

/** Rooms that anyone may enter. They have no events: they are looked up again on focus. */
export function OpenRooms({ rooms }: { rooms: readonly RoomCardFragment[] }) {
  const [words, setWords] = useState("");
  const search = useSettled(words.trim(), SEARCH_PAUSE_MS) || null;
  const { data, previousData, error, refetch, fetchMore } = useQuery(OpenRoomsDocument, {
    variables: { search },
    fetchPolicy: "cache-and-network",
  });
  useEffect(() => {
    const look = (): void => void refetch().catch(() => undefined);
    addEventListener("focus", look);
    return () => removeEventListener("focus", look);
  }, [refetch]);
  const found = useDeferredValue((data ?? previousData)?.openRooms);

  function more(after: string): void {
    void fetchMore({
      variables: { after },
      updateQuery: ({ openRooms }, { fetchMoreResult }) => ({
        ...fetchMoreResult,
        openRooms: { ...fetchMoreResult.openRooms, nodes: [...openRooms.nodes, ...fetchMoreResult.openRooms.nodes] },
      }),
    });
  }

  return (
    <section aria-labelledby="open-rooms">
      <h2 id="open-rooms" tabIndex={-1}>Open rooms</h2>
      <input type="search" placeholder="Search by title" aria-label="Search open rooms by title" value={words} onChange={(event) => setWords(event.target.value)} />
      {found && found.nodes.length > 0 && (
        <ul className="card list">
          {found.nodes.map((room) => (
            <li key={room.id} className="row">
              <Doorplate room={room} detail={nameOf(room.owner)} />
              <WayIn room={room} own={rooms.find(({ id }) => id === room.roomId)} />
            </li>
          ))}
        </ul>
      )}
      <p className="empty" role="status" hidden={!found || found.nodes.length > 0}>
        {search === null ? "No room is open to everyone yet." : "No open room has a title like that."}
      </p>
      {error && !found && <p className="empty">The open rooms cannot be loaded right now.</p>}
      {found?.pageInfo.hasNextPage && (
        <Button className="small" onClick={() => more(found.pageInfo.endCursor ?? "")}>
          More open rooms
        </Button>
      )}
    </section>
  );
}

/** Into an open room, or into one that the viewer is in already. */
export function WayIn({ room, own }: { room: PreviewFragment; own: RoomCardFragment | undefined }) {
  const { go, notify } = useApp();
  const { run, isBusy } = useAct(JoinRoomDocument);
  async function join(): Promise<void> {
    const success = await run({ input: { roomId: room.roomId } });
    if (success) go(roomPath(success.room.databaseId));
    else notify("You could not join this room.");
  }
  if (own) {
    return (
      <Link className="button small" href={roomPath(own.databaseId)} aria-label={`Enter ${room.title}`}>
        Enter
      </Link>
    );
  }
  return (
    <Button className="small primary" isBusy={isBusy} aria-label={`Join ${room.title}`} onClick={() => void join()}>
      Join
    </Button>
  );
}
