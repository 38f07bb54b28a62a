/** What an error of SQLite means. Its errors have no codes here, only messages. */

/** Kinds of trouble. */
export type Trouble = "busy" | "damaged" | "foreign" | "full" | "unwritable" | "other";

const MESSAGES: readonly (readonly [Trouble, RegExp])[] = [
  ["busy", /database (table |schema )?is locked/],
  ["damaged", /malformed|disk I\/O error|no such (table|column)|already exists|database corruption/],
  ["foreign", /file is not a database|is a database of something else|file is encrypted/],
  ["full", /database or disk is full|No space left|ENOSPC|os error 28|Disk quota/i],
  ["unwritable", /readonly database|unable to open database file|Requires write access|read-only|os error (13|30)/i],
];

/** What kind of trouble an error is. */
export function troubleOf(error: unknown): Trouble {
  const message = error instanceof Error ? error.message : String(error);
  return MESSAGES.find(([, pattern]) => pattern.test(message))?.[0] ?? "other";
}
