/** Characters of an error's stack and causes, at most. */
const LONGEST_DETAILS = 10_000;

/** What is behind a failure, with its stack and causes; empty if there is nothing. */
export function detailsOf(cause: unknown): string {
  return cause === undefined ? "" : Deno.inspect(cause).slice(0, LONGEST_DETAILS);
}
