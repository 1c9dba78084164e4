import type { Problem } from "../api/act";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { FormProblem } from "./Field";

interface Props {
  title: string;
  text: string;
  action: string;
  isBusy: boolean;
  problem: Problem | null;
  onYes: () => void;
  onNo: () => void;
}

/** Asked before something that cannot be undone. */
export function Question({ title, text, action, isBusy, problem, onYes, onNo }: Props) {
  return (
    <Dialog title={title} onClose={onNo}>
      <p className="detail">{text}</p>
      <FormProblem problem={problem} />
      <div className="buttons end">
        <Button onClick={onNo}>Cancel</Button>
        <Button className="primary danger" isBusy={isBusy} onClick={onYes}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
