import { type SubmitEvent, useEffect, useRef, useState } from "react";
import { useApp } from "../app_context";
import type { EndReason } from "../follow/stream";
import { DeleteRoomDocument, LeaveRoomDocument, RenameRoomDocument } from "../gql/graphql";
import { Button } from "../ui/Button";
import { Field, FormProblem } from "../ui/Field";
import { textOf } from "../ui/forms";
import { Question } from "../ui/Question";
import { useAct } from "../ui/useAct";
import type { Room } from "./RoomBar";

interface Props {
  room: Room;
  onGone: (reason: EndReason) => void;
}

/** What is done to the room as a whole. */
export function Settings({ room, onGone }: Props) {
  return (
    <section aria-labelledby="settings-title">
      <h2 id="settings-title" tabIndex={-1}>Room</h2>
      {room.viewerRole === "OWNER" ? (
        <>
          <Rename room={room} />
          <Delete room={room} onGone={onGone} />
        </>
      ) : (
        <Leave room={room} onGone={onGone} />
      )}
    </section>
  );
}

function Rename({ room }: { room: Room }) {
  const { notify } = useApp();
  const form = useRef<HTMLFormElement>(null);
  const { run, isBusy, problem } = useAct(RenameRoomDocument);
  async function submit(event: SubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const title = textOf(event.currentTarget, "title").trim();
    if (await run({ input: { roomId: room.id, title } })) notify("The room has a new title.");
  }
  // What was typed has become the title: from now on the field follows it. Anything else that
  // is being typed stays, whoever renames the room meanwhile.
  useEffect(() => {
    if (form.current && textOf(form.current, "title").trim() === room.title) form.current.reset();
  }, [room.title]);
  return (
    <form ref={form} className="rename" onSubmit={(event) => void submit(event)}>
      <Field name="title" label="Title" problem={problem} defaultValue={room.title} maxLength={50} autoComplete="off" required />
      <FormProblem problem={problem} fields={["title"]} />
      <Button type="submit" className="small" isBusy={isBusy}>
        Rename
      </Button>
    </form>
  );
}

function Delete({ room, onGone }: Props) {
  const [isAsking, setIsAsking] = useState(false);
  const { run, isBusy, problem } = useAct(DeleteRoomDocument);
  async function deleteRoom(): Promise<void> {
    if (await run({ input: { roomId: room.id } })) onGone("ROOM_DELETED");
  }
  return (
    <>
      <Button className="small danger" onClick={() => setIsAsking(true)}>
        Delete room
      </Button>
      {isAsking && (
        <Question title={`Delete “${room.title}”?`} text="Everyone leaves it, and its messages are gone for good." action="Delete room" isBusy={isBusy} problem={problem} onYes={() => void deleteRoom()} onNo={() => setIsAsking(false)} />
      )}
    </>
  );
}

function Leave({ room, onGone }: Props) {
  const [isAsking, setIsAsking] = useState(false);
  const { run, isBusy, problem } = useAct(LeaveRoomDocument);
  async function leaveRoom(): Promise<void> {
    if (await run({ input: { roomId: room.id } })) onGone("LEFT");
  }
  return (
    <>
      <Button className="small danger" onClick={() => setIsAsking(true)}>
        Leave room
      </Button>
      {isAsking && (
        <Question title={`Leave “${room.title}”?`} text="To come back you enter by its door again." action="Leave" isBusy={isBusy} problem={problem} onYes={() => void leaveRoom()} onNo={() => setIsAsking(false)} />
      )}
    </>
  );
}
