import { useRef, useState } from "react";
import { invitation } from "../api/address";
import { useApp } from "../app_context";
import { RotateJoinCodeDocument } from "../gql/graphql";
import { Button } from "../ui/Button";
import { Question } from "../ui/Question";
import { useAct } from "../ui/useAct";

/** For the owner: what leads people to the door. */
export function JoinCode({ roomId, code }: { roomId: string; code: string }) {
  const { notify } = useApp();
  const field = useRef<HTMLInputElement>(null);
  const [isAsking, setIsAsking] = useState(false);
  const { run, isBusy, problem } = useAct(RotateJoinCodeDocument);

  async function copy(text: string, done: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      notify(done);
    } catch {
      field.current?.select(); // browsers let pages copy over HTTPS only
      notify("Select the code and copy it.");
    }
  }
  async function rotate(): Promise<void> {
    if (await run({ input: { roomId } })) setIsAsking(false);
  }
  return (
    <section aria-labelledby="code-title">
      <h2 id="code-title">The code to ask with</h2>
      <input ref={field} className="code" readOnly value={code} aria-labelledby="code-title" />
      <div className="buttons">
        <Button className="small" onClick={() => void copy(code, "The code is copied.")}>
          Copy code
        </Button>
        <Button className="small" onClick={() => void copy(invitation(code), "The link is copied.")}>
          Copy link
        </Button>
        <Button className="small quiet" onClick={() => setIsAsking(true)}>
          Renew
        </Button>
      </div>
      {isAsking && (
        <Question title="Renew the code?" text="The present code and its link stop working. Who has asked already keeps waiting." action="Renew" isBusy={isBusy} problem={problem} onYes={() => void rotate()} onNo={() => setIsAsking(false)} />
      )}
    </section>
  );
}
