import { useApp } from "../app_context";
import { type PersonFragment, SignOutDocument } from "../gql/graphql";
import { Avatar } from "../ui/Avatar";
import { Button } from "../ui/Button";
import { nameOf } from "../ui/people";
import { useAct } from "../ui/useAct";

export function Account({ person }: { person: PersonFragment }) {
  const { notify, signedOut } = useApp();
  const { run, isBusy } = useAct(SignOutDocument);
  async function signOut(): Promise<void> {
    if (await run({})) signedOut();
    else notify("You are still signed in: the server cannot be reached right now.");
  }
  return (
    <div className="account">
      <Avatar person={person} />
      <span className="account-name">{nameOf(person)}</span>
      <Button className="small quiet" isBusy={isBusy} onClick={() => void signOut()}>
        Sign out
      </Button>
    </div>
  );
}
