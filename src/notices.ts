/** What is printed without being asked for: names and messages of others in it are made harmless, and it never throws. */

import { detailsOf, safeLines } from "./safe_text.ts";

/** Prints where that is possible: what runs must not fail because nobody reads of it. */
function attempt<Result>(print: () => Result): Result | undefined {
  try {
    return print();
  } catch (error) {
    // EIO of a terminal that has gone away, EAGAIN of one that is slow, ENOSPC of a log.
    if (!/^E[A-Z]+$/.test(Object(error).code)) throw error;
  }
}

/** Says that something is probably not as it was meant. */
export function warn(text: string): void {
  attempt(() => console.warn(safeLines(text)));
}

/** Says what somebody should know. */
export function tell(text: string): void {
  attempt(() => console.error(safeLines(text)));
}

/** Tells of a failure that nobody waits for. */
export function report(error: unknown, what?: string): void {
  tell(what === undefined ? detailsOf(error) : `${what}: ${detailsOf(error)}`);
}

/** From now on no method of this thread's console throws because the output takes nothing. Deno's do. */
export function forgiveConsole(): void {
  const methods = console as unknown as Record<string, unknown>;
  for (const [name, method] of Object.entries(console)) {
    if (typeof method === "function") {
      methods[name] = (...args: unknown[]) => attempt(() => method.apply(console, args));
    }
  }
}
