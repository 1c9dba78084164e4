import type { PersonFragment } from "../gql/graphql";
import { hueOf, initialsOf, nameOf } from "./people";

export function Avatar({ person }: { person: PersonFragment }) {
  return (
    <span className="avatar" data-hue={hueOf(person)} aria-hidden="true">
      {initialsOf(person)}
    </span>
  );
}

/** A person in a list: the mark, the name, and a smaller line below it. */
export function Nameplate({ person, detail }: { person: PersonFragment; detail: string }) {
  return (
    <span className="plate">
      <Avatar person={person} />
      <span className="plate-lines">
        <span className="plate-name">{nameOf(person)}</span>
        <span className="detail">{detail}</span>
      </span>
    </span>
  );
}
