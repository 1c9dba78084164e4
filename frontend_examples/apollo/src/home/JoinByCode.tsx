import { useApolloClient } from "@apollo/client/react";
import { type SubmitEvent, useEffect, useEffectEvent, useState } from "react";
import { invitedBy } from "../api/address";
import type { Problem } from "../api/act";
import { fetchPage } from "../api/pages";
import { type AskedFragment, FindRoomDocument, type PreviewFragment, RequestToJoinDocument, type RoomCardFragment } from "../gql/graphql";
import { Nameplate } from "../ui/Avatar";
import { Button } from "../ui/Button";
import { Doorplate } from "../ui/Door";
import { FormProblem } from "../ui/Field";
import { nameOf } from "../ui/people";
import { useAct } from "../ui/useAct";
import { WayIn } from "./OpenRooms";

interface Props {
  rooms: readonly RoomCardFragment[];
  requests: readonly AskedFragment[];
}

/** First shows whose door it is, and then asks. */
export function JoinByCode({ rooms, requests }: Props) {
  const client = useApolloClient();
  const [code, setCode] = useState(() => invitedBy(location.hash) ?? "");
  const [found, setFound] = useState<{ room: PreviewFragment; joinCode: string } | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);

  async function lookUp(joinCode: string): Promise<void> {
    const data = await fetchPage(client, FindRoomDocument, { joinCode }).catch(() => null);
    setFound(data?.roomPreview ? { room: data.roomPreview, joinCode } : null);
    setProblem(data?.roomPreview ? null : data ? NO_ROOM : UNREACHABLE);
  }
  const followInvitation = useEffectEvent(() => {
    const invited = invitedBy(location.hash);
    if (invited === null) return;
    history.replaceState(null, "", location.pathname);
    void lookUp(invited);
  });
  useEffect(() => {
    // eslint-disable-next-line react-hooks/set-state-in-effect -- it is set when the answer has come
    followInvitation();
    const follow = (): void => {
      setCode(invitedBy(location.hash) ?? "");
      followInvitation();
    };
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    if (code.trim() !== "") void lookUp(code.trim());
  }
  return (
    <section aria-labelledby="by-code">
      <h2 id="by-code" tabIndex={-1}>Join with a code</h2>
      <form className="card padded" onSubmit={submit}>
        <label htmlFor="code">The code that the owner gave you</label>
        <div className="field-row">
          <input id="code" className="code" value={code} autoComplete="off" autoCapitalize="none" spellCheck={false} required onChange={(event) => setCode(event.target.value)} />
          <Button type="submit">Look</Button>
        </div>
        <FormProblem problem={problem} />
        <div className="by-code-answer" aria-live="polite">{found && <Found {...found} rooms={rooms} requests={requests} />}</div>
      </form>
    </section>
  );
}

function Found({ room, joinCode, rooms, requests }: Props & { room: PreviewFragment; joinCode: string }) {
  const { run, isBusy, problem } = useAct(RequestToJoinDocument);
  const own = rooms.find(({ id }) => id === room.roomId);
  const isWaiting = requests.some((request) => request.status === "PENDING" && request.room.roomId === room.roomId);
  return (
    <div className="found">
      <Doorplate room={room} detail={room.access === "OPEN" ? "Anyone may enter" : "The owner decides who enters"} />
      <Nameplate person={room.owner} detail="owns this room" />
      {own || room.access === "OPEN" ? (
        <WayIn room={room} own={own} />
      ) : isWaiting ? (
        <p className="detail">You have asked. The answer appears here and among your requests.</p>
      ) : (
        <Button className="primary wide" isBusy={isBusy} onClick={() => void run({ input: { joinCode } })}>
          Ask {nameOf(room.owner)} to let you in
        </Button>
      )}
      <FormProblem problem={problem} />
    </div>
  );
}

const NO_ROOM: Problem = { code: "NOT_FOUND", message: "No room has this code. Owners can renew their codes." };
const UNREACHABLE: Problem = { code: null, message: "The server cannot be reached right now." };
