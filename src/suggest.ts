/** Helps with misspelt names. */

import { distance } from "fastest-levenshtein";

/** How many characters may be wrong for a name to be near, at most: two that changed places count as two. */
const mostWrong = (name: string) => name.length < 4 ? 1 : Math.max(2, Math.floor(name.length / 3));

/** The letters of a name in alphabetical order: of a short name, two that changed places are most of it. */
const lettersOf = (name: string) => [...name.toLowerCase()].sort().join("");

/** Of more names none is suggested: who asks for one that is not there should not wait for that. */
const MOST_NAMES = 1000;

/** `; did you mean "…"?`, if one of `known` is near `name`, else nothing. */
export function suggest(name: unknown, known: Iterable<string>): string {
  if (typeof name !== "string") return ""; // JavaScript may give anything.
  const names: string[] = [];
  for (const other of known) if (names.push(other) > MOST_NAMES) return "";
  const letters = lettersOf(name);
  const near = names.map((other) => ({
    other,
    wrong: distance(name.toLowerCase(), other.toLowerCase()),
    isMixedUp: letters === lettersOf(other),
  }))
    .filter(({ wrong, isMixedUp }) => wrong <= mostWrong(name) || name.length === 3 && isMixedUp)
    .sort((a, b) => a.wrong - b.wrong || Number(b.isMixedUp) - Number(a.isMixedUp));
  return near.length === 0 ? "" : `; did you mean "${near[0].other}"?`;
}
