import type { SubmitEvent } from "react";
import { SignInDocument } from "../gql/graphql";
import { Button } from "../ui/Button";
import { Field, FormProblem } from "../ui/Field";
import { textOf } from "../ui/forms";
import { useAct } from "../ui/useAct";

export function SignIn({ onDone }: { onDone: () => void }) {
  const { run, isBusy, problem } = useAct(SignInDocument);
  async function submit(event: SubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget;
    const input = { username: textOf(form, "username").trim(), password: textOf(form, "password") };
    if (await run({ input })) onDone();
  }
  return (
    <form onSubmit={(event) => void submit(event)}>
      <h2>Sign in</h2>
      <Field name="username" label="Username" problem={problem} autoComplete="username" autoCapitalize="none" spellCheck={false} required />
      <Field name="password" label="Password" problem={problem} type="password" autoComplete="current-password" required />
      <FormProblem problem={problem} fields={["username", "password"]} />
      <Button type="submit" className="primary wide" isBusy={isBusy}>
        Sign in
      </Button>
    </form>
  );
}
