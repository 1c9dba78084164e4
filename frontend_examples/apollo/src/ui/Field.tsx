import { type ComponentProps, useId } from "react";
import type { Problem } from "../api/act";

type Props = ComponentProps<"input"> & { name: string; label: string; problem: Problem | null };

/** A labelled input, with what the server says of it. */
export function Field({ label, problem, ...input }: Props) {
  const id = useId();
  const own = problem?.field === input.name ? problem.message : null;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input {...input} id={id} aria-invalid={own !== null} aria-describedby={own === null ? undefined : `${id}-problem`} />
      {own !== null && (
        <p className="problem" id={`${id}-problem`} role="alert">
          {own}
        </p>
      )}
    </div>
  );
}

/** What is wrong with the form as a whole. */
export function FormProblem({ problem, fields = [] }: { problem: Problem | null; fields?: readonly string[] }) {
  if (problem === null || (problem.field !== undefined && fields.includes(problem.field))) return null;
  return (
    <p className="problem" role="alert">
      {problem.message}
    </p>
  );
}
