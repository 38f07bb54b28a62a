/** Values as texts for other programs. */

/** A value as JSON: arrays and Maps of any kind become arrays and objects. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, replacer, 2) ?? "null"}\n`;
}

function replacer(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (isArray(value)) return Array.from(value as Iterable<unknown>);
  if (value instanceof Map) return Object.fromEntries(value);
  return value instanceof Set ? [...value] : value;
}

function isArray(value: unknown): value is ArrayLike<unknown> & Iterable<unknown> {
  return Array.isArray(value) || ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/**
 * A value as CSV (RFC 4180): rows that are objects or arrays, a column, or an object of columns of one length. `undefined` if
 * it is none of these.
 */
export function toCsv(value: unknown): string | undefined {
  const rows = rowsOf(value);
  return rows?.map((row) => row.map(cellOf).join(",")).map((line) => `${line}\r\n`).join("");
}

function rowsOf(value: unknown): unknown[][] | undefined {
  if (isArray(value)) {
    const items = Array.from(value);
    if (items.every(isRecord)) return rowsOfRecords(items);
    return items.every(isArray) ? items.map((row) => Array.from(row)) : items.map((item) => [item]);
  }
  return isRecord(value) ? rowsOfColumns(value) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || isArray(value)) return false;
  const kind = Object.getPrototypeOf(value);
  return kind === Object.prototype || kind === null;
}

function rowsOfRecords(items: readonly Record<string, unknown>[]): unknown[][] {
  const keys = [...new Set(items.flatMap(Object.keys))];
  return [keys, ...items.map((item) => keys.map((key) => item[key]))];
}

function rowsOfColumns(columns: Record<string, unknown>): unknown[][] | undefined {
  const values = Object.values(columns);
  if (values.length === 0 || !values.every(isArray)) return undefined;
  const { length } = values[0];
  if (values.some((column) => column.length !== length)) return undefined;
  return [Object.keys(columns), ...Array.from({ length }, (_, row) => values.map((column) => column[row]))];
}

function cellOf(value: unknown): string {
  const text = textOf(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Empty for what is nothing: JSON has `null` for a date without a time, too. */
function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "" : value.toISOString();
  return typeof value === "object" ? JSON.stringify(value, replacer) : String(value);
}
