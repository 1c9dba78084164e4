import { useApolloClient } from "@apollo/client/react";
import { append, fetchPage } from "../api/pages";
import { useApp } from "../app_context";
import { AdmitJoinRequestDocument, DenyJoinRequestDocument, MoreWaitingDocument, type WaitingFragment } from "../gql/graphql";
import { Nameplate } from "../ui/Avatar";
import { Button } from "../ui/Button";
import { nameOf } from "../ui/people";
import { ago } from "../ui/times";
import { useAct } from "../ui/useAct";
import type { Room } from "./RoomBar";
import { keepWaiting } from "./room_events";

interface Props {
  roomId: string;
  requests: NonNullable<Room["joinRequests"]>;
}

/** For the owner: the people who wait. They go from the list when the event says so. */
export function AtTheDoor({ roomId, requests }: Props) {
  const client = useApolloClient();
  async function more(after: string): Promise<void> {
    const page = (await fetchPage(client, MoreWaitingDocument, { id: roomId, after }).catch(() => null))?.room?.joinRequests;
    const where = { of: `Room:${roomId}`, field: "joinRequests", keep: keepWaiting.bind(null, client.cache) };
    if (page) append(client, where, after, page);
  }
  return (
    <section aria-labelledby="door-title">
      <h2 id="door-title" tabIndex={-1}>
        At the door {requests.nodes.length > 0 && <span className="count hot">{requests.nodes.length}</span>}
      </h2>
      {requests.nodes.length === 0 && <p className="empty slim">Nobody is waiting.</p>}
      <ul className="people" aria-live="polite">
        {requests.nodes.map((request) => (
          <Waiting key={request.id} request={request} />
        ))}
      </ul>
      {requests.pageInfo.hasNextPage && (
        <Button className="small" onClick={() => void more(requests.pageInfo.endCursor ?? "")}>
          More people
        </Button>
      )}
    </section>
  );
}

function Waiting({ request }: { request: WaitingFragment }) {
  const { notify } = useApp();
  const admit = useAct(AdmitJoinRequestDocument);
  const deny = useAct(DenyJoinRequestDocument);
  const isBusy = admit.isBusy || deny.isBusy;
  const name = nameOf(request.user);
  const variables = { input: { joinRequestId: request.id } };
  async function settle(answer: Promise<unknown>): Promise<void> {
    if ((await answer) === null) notify(`The answer to ${name} did not get through.`);
  }
  return (
    <li className="row slim wrap">
      <Nameplate person={request.user} detail={ago(request.createdAt)} />
      <span className="buttons">
        <Button className="small primary" isBusy={isBusy} aria-label={`Admit ${name}`} onClick={() => void settle(admit.run(variables))}>
          Admit
        </Button>
        <Button className="small" isBusy={isBusy} aria-label={`Deny ${name}`} onClick={() => void settle(deny.run(variables))}>
          Deny
        </Button>
      </span>
    </li>
  );
}
