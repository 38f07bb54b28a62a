/** Helps with misspelt names. */

import { distance } from "fastest-levenshtein";

/** How many characters may be wrong for a name to be near, at most: two that changed places count as two. */
const mostWrong = (name: string) => name.length < 4 ? 1 : Math.max(2, Math.floor(name.length / 3));

/** `; did you mean "…"?`, if one of `known` is near `name`, else nothing. */
export function suggest(name: string, known: Iterable<string>): string {
  const near = Array.from(known, (other) => ({ other, wrong: distance(name.toLowerCase(), other.toLowerCase()) }))
    .filter(({ wrong }) => wrong <= mostWrong(name))
    .sort((a, b) => a.wrong - b.wrong);
  return near.length === 0 ? "" : `; did you mean "${near[0].other}"?`;
}
