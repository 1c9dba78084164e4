import type { SubmitEvent } from "react";
import { roomPath } from "../api/address";
import { useApp } from "../app_context";
import { CreateRoomDocument } from "../gql/graphql";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field, FormProblem } from "../ui/Field";
import { textOf } from "../ui/forms";
import { useAct } from "../ui/useAct";

export function CreateRoom({ onClose }: { onClose: () => void }) {
  const { go } = useApp();
  const { run, isBusy, problem } = useAct(CreateRoomDocument);
  async function submit(event: SubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget;
    const access = textOf(form, "access") === "OPEN" ? "OPEN" : "BY_REQUEST";
    const success = await run({ input: { title: textOf(form, "title").trim(), access } });
    if (success) go(roomPath(success.room.databaseId));
  }
  return (
    <Dialog title="Create a room" onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <Field name="title" label="Title" problem={problem} maxLength={50} autoComplete="off" required autoFocus />
        <fieldset className="choices">
          <legend>Its door</legend>
          <label className="choice">
            <input type="radio" name="access" value="BY_REQUEST" defaultChecked />
            <span>
              <strong>By request</strong>
              <span className="detail">People with the code ask, and you decide.</span>
            </span>
          </label>
          <label className="choice">
            <input type="radio" name="access" value="OPEN" />
            <span>
              <strong>Open</strong>
              <span className="detail">Anyone who is signed in may enter.</span>
            </span>
          </label>
        </fieldset>
        <FormProblem problem={problem} fields={["title"]} />
        <div className="buttons end">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" className="primary" isBusy={isBusy}>
            Create room
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
