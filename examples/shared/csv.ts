/** Reads CSV files of a date and numbers, and names line and value of what it cannot read. */

import { UserError } from "./program.ts";

/** A file: its dates, and the numbers of each column. */
export interface DatedColumns {
  /** Each as `2012-01-31`, in their order. */
  readonly dates: readonly string[];
  column(name: string): Float64Array;
}

/** A decimal number. `Number()` takes other things, too: nothing for 0, and 0x10. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The beginning of what somebody has written. */
const cut = (text: string) => text.length <= 200 ? text : `${text.slice(0, 200)}…`;

/**
 * Reads the columns of these names; the first column has the dates.
 *
 * @throws {UserError} If a column or a value is missing, or is no number, or the dates are none or in disorder.
 */
export function readCsv(file: string, text: string, names: readonly string[]): DatedColumns {
  const lines = text.replace(/\r?\n$/, "").split(/\r?\n/);
  const titles = lines[0].split(",").map((title) => title.trim());
  const refuse = (line: number, reason: string): never => {
    throw new UserError(`Cannot read ${file}:${line}: ${reason}`);
  };
  const places = names.map((name) => {
    const place = titles.indexOf(name);
    return place < 1 ? refuse(1, `expected a column "${name}", received "${cut(lines[0])}"`) : place;
  });
  const dates: string[] = [];
  const columns = names.map(() => new Float64Array(lines.length - 1));
  for (const [index, line] of lines.slice(1).entries()) {
    const fields = line.split(",");
    const at = index + 2;
    const date = fields[0].trim();
    if (fields.length !== titles.length) {
      refuse(at, `expected ${titles.length} values, received ${fields.length} in "${cut(line)}"`);
    }
    if (!isDate(date)) refuse(at, `expected a date such as 2012-01-31, received "${cut(date)}"`);
    if (index > 0 && date <= dates[index - 1]) {
      refuse(at, `expected a date after ${dates[index - 1]}, received "${date}"`);
    }
    dates.push(date);
    for (const [which, place] of places.entries()) {
      const field = fields[place].trim();
      const value = NUMBER.test(field) ? Number(field) : NaN;
      if (!Number.isFinite(value)) refuse(at, `expected a number as ${names[which]}, received "${cut(field)}"`);
      columns[which][index] = value;
    }
  }
  if (dates.length === 0) refuse(1, "there are no values");
  return { dates, column: (name) => columns[names.indexOf(name)] };
}

function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true;
}
