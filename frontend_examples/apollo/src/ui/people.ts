import type { PersonFragment } from "../gql/graphql";

const HUES = 12;

export function nameOf({ firstName, lastName, username }: PersonFragment): string {
  return [firstName, lastName].filter(Boolean).join(" ") || username;
}

export function initialsOf(person: PersonFragment): string {
  const words = nameOf(person).split(/\s+/).filter(Boolean);
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends.map((word) => Array.from(word ?? "")[0] ?? "").join("").toLocaleUpperCase();
}

/** A colour that a person keeps for good. */
export function hueOf({ databaseId }: PersonFragment): number {
  return databaseId % HUES;
}
