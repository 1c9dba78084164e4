import { roomPath } from "../api/address";
import { useApp } from "../app_context";
import { type AskedFragment, type JoinRequestStatus, type RoomCardFragment, WithdrawJoinRequestDocument } from "../gql/graphql";
import { Button } from "../ui/Button";
import { Doorplate } from "../ui/Door";
import { Link } from "../ui/Link";
import { nameOf } from "../ui/people";
import { ago } from "../ui/times";
import { useAct } from "../ui/useAct";

const WORDS: Record<JoinRequestStatus, string> = {
  PENDING: "Pending",
  ADMITTED: "Admitted",
  DENIED: "Denied",
  WITHDRAWN: "Withdrawn",
};
const DENIAL_SHOWN_MS = 7 * 24 * 60 * 60 * 1000;

interface Props {
  requests: readonly AskedFragment[];
  rooms: readonly RoomCardFragment[];
}

/** What became of each knock: the latest at each door, newest first. Whoever has left again knocks anew. */
export function JoinRequests({ requests, rooms }: Props) {
  const roomOf = ({ room }: AskedFragment) => rooms.find(({ id }) => id === room.roomId);
  const latest = latestByRoom(requests).filter((request) => request.status !== "ADMITTED" || roomOf(request));
  return (
    <section aria-labelledby="requests">
      <h2 id="requests" tabIndex={-1}>Your requests</h2>
      {latest.length === 0 ? (
        <p className="empty">You are waiting at no door.</p>
      ) : (
        <ul className="card list" aria-live="polite">
          {latest.map((request) => (
            <li key={request.id} className="row wrap">
              <Doorplate room={roomOf(request) ?? request.room} detail={`${nameOf(request.room.owner)} · asked ${ago(request.createdAt)}`} />
              <span className="badge" data-status={request.status}>
                {WORDS[request.status]}
              </span>
              <Way request={request} room={roomOf(request)} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Way({ request, room }: { request: AskedFragment; room: RoomCardFragment | undefined }) {
  const { notify } = useApp();
  const { run, isBusy } = useAct(WithdrawJoinRequestDocument);
  async function withdraw(): Promise<void> {
    if (!(await run({ input: { joinRequestId: request.id } }))) notify("The request could not be withdrawn.");
  }
  if (request.status === "ADMITTED" && room) {
    return (
      <Link className="button small primary" href={roomPath(room.databaseId)} aria-label={`Enter ${room.title}`}>
        Enter
      </Link>
    );
  }
  if (request.status !== "PENDING") return null;
  return (
    <Button className="small" isBusy={isBusy} aria-label={`Withdraw the request to join ${request.room.title}`} onClick={() => void withdraw()}>
      Withdraw
    </Button>
  );
}

function latestByRoom(requests: readonly AskedFragment[]): AskedFragment[] {
  const rooms = new Map<string, AskedFragment>();
  for (const request of requests.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt))) {
    if (isOfInterest(request)) rooms.set(request.room.roomId, request);
    else rooms.delete(request.room.roomId);
  }
  return [...rooms.values()].reverse();
}

function isOfInterest({ status, decidedAt }: AskedFragment): boolean {
  return status !== "DENIED" || decidedAt === null || Date.now() - Date.parse(decidedAt) < DENIAL_SHOWN_MS;
}
