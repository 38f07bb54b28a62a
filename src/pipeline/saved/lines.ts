/** Finds the line of a file that a value in it comes from. */

import type { Path } from "./problem.ts";

/** Characters that may be parsed for it: so many, or so many times the file. More would take longer than it is worth. */
const BUDGET = { least: 5_000_000, times: 20, most: 60_000_000 };

function has(document: unknown, path: Path): boolean {
  let value = document;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return false;
    value = (value as Record<string | number, unknown>)[key];
  }
  return true;
}

/**
 * The first line, from 1, of the statement that makes `path` exist; that of the table around it where it does not exist.
 * The parser itself finds it, by a binary search over the beginnings of the text that are whole statements: a scan for
 * headers would have to know strings, inline tables and dotted keys too. `undefined` if that takes too long.
 */
export function lineOf(text: string, path: Path, parse: (text: string) => unknown): number | undefined {
  // Each with its end: half of a "\r\n" is no end of a line to the parser.
  const lines = text.split(/(?<=\n)/);
  const whole = parse(text);
  const known = path.slice(0, path.findLastIndex((_, index) => has(whole, path.slice(0, index + 1))) + 1);
  if (known.length === 0) return undefined;
  let budget = Math.min(BUDGET.most, Math.max(BUDGET.least, BUDGET.times * text.length));

  /** What the first `count` lines hold; `null` if they end within a statement. */
  const beginning = (count: number): unknown => {
    const part = lines.slice(0, count).join("");
    budget -= part.length;
    try {
      return parse(part);
    } catch {
      return null;
    }
  };

  // The first `without` lines are whole statements and lack the value, the first `within` lines have it.
  let without = 0;
  let within = lines.length;
  while (within - without > 1 && budget > 0) {
    const middle = (without + within) >> 1;
    let count = middle;
    let part = beginning(count);
    while (!part && ++count < within && budget > 0) part = beginning(count);
    if (count === within) {
      count = middle;
      while (!part && --count > without && budget > 0) part = beginning(count);
      if (count === without) break;
    }
    if (has(part, known)) within = count;
    else without = count;
  }
  return budget > 0 ? without + 1 : undefined;
}
