import type { SubmitEvent } from "react";
import { SignUpDocument } from "../gql/graphql";
import { Button } from "../ui/Button";
import { Field, FormProblem } from "../ui/Field";
import { textOf } from "../ui/forms";
import { useAct } from "../ui/useAct";

const FIELDS = ["username", "password", "firstName", "lastName"];

export function SignUp({ onDone }: { onDone: () => void }) {
  const { run, isBusy, problem } = useAct(SignUpDocument);
  async function submit(event: SubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget;
    const input = {
      username: textOf(form, "username").trim(),
      password: textOf(form, "password"),
      firstName: textOf(form, "firstName").trim(),
      lastName: textOf(form, "lastName").trim(),
    };
    if (await run({ input })) onDone();
  }
  return (
    <form onSubmit={(event) => void submit(event)}>
      <h2>Create an account</h2>
      <div className="pair">
        <Field name="firstName" label="First name" problem={problem} autoComplete="given-name" required />
        <Field name="lastName" label="Last name" problem={problem} autoComplete="family-name" />
      </div>
      <Field name="username" label="Username" problem={problem} autoComplete="username" autoCapitalize="none" spellCheck={false} required />
      <Field name="password" label="Password" problem={problem} type="password" autoComplete="new-password" required />
      <FormProblem problem={problem} fields={FIELDS} />
      <Button type="submit" className="primary wide" isBusy={isBusy}>
        Create account
      </Button>
    </form>
  );
}
