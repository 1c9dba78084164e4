import { useApolloClient } from "@apollo/client/react";
import { useState } from "react";
import { append, fetchPage } from "../api/pages";
import { MoreMembersDocument, type PersonFragment, RemoveMemberDocument } from "../gql/graphql";
import { Nameplate } from "../ui/Avatar";
import { Button } from "../ui/Button";
import { nameOf } from "../ui/people";
import { Question } from "../ui/Question";
import { useAct } from "../ui/useAct";
import type { Room } from "./RoomBar";
import { keepPerson } from "./room_events";

export function Members({ room, viewer }: { room: Room; viewer: PersonFragment }) {
  const client = useApolloClient();
  const [toRemove, setToRemove] = useState<PersonFragment | null>(null);
  const { nodes, pageInfo } = room.members;
  const isOwner = viewer.id === room.owner.id;

  async function more(after: string): Promise<void> {
    const page = (await fetchPage(client, MoreMembersDocument, { id: room.id, after }).catch(() => null))?.room?.members;
    const where = { of: `Room:${room.id}`, field: "members", keep: keepPerson.bind(null, client.cache) };
    if (page) append(client, where, after, page);
  }
  return (
    <section aria-labelledby="members-title">
      <h2 id="members-title" tabIndex={-1}>
        Members <span className="count">{`${nodes.length}${pageInfo.hasNextPage ? "+" : ""}`}</span>
      </h2>
      <ul className="people">
        {inOrder(nodes, room.owner.id).map((person) => (
          <li key={person.id} className="row slim">
            <Nameplate person={person} detail={marks(person, room, viewer)} />
            {isOwner && person.id !== viewer.id && (
              <Button className="small quiet" aria-label={`Remove ${nameOf(person)} from the room`} onClick={() => setToRemove(person)}>
                Remove
              </Button>
            )}
          </li>
        ))}
      </ul>
      {pageInfo.hasNextPage && (
        <Button className="small" onClick={() => void more(pageInfo.endCursor ?? "")}>
          More members
        </Button>
      )}
      {toRemove && <Removal roomId={room.id} person={toRemove} onClose={() => setToRemove(null)} />}
    </section>
  );
}

function Removal({ roomId, person, onClose }: { roomId: string; person: PersonFragment; onClose: () => void }) {
  const { run, isBusy, problem } = useAct(RemoveMemberDocument);
  async function removeMember(): Promise<void> {
    if (await run({ input: { roomId, userId: person.id } })) onClose();
  }
  return (
    <Question title={`Remove ${nameOf(person)}?`} text="They leave the room at once and can no longer read it." action="Remove" isBusy={isBusy} problem={problem} onYes={() => void removeMember()} onNo={onClose} />
  );
}

/** The owner, then by name. */
function inOrder(people: readonly PersonFragment[], ownerId: string): PersonFragment[] {
  return people.toSorted((a, b) => Number(b.id === ownerId) - Number(a.id === ownerId) || nameOf(a).localeCompare(nameOf(b)));
}

function marks(person: PersonFragment, room: Room, viewer: PersonFragment): string {
  return [`@${person.username}`, person.id === room.owner.id && "owner", person.id === viewer.id && "you"].filter(Boolean).join(" · ");
}
