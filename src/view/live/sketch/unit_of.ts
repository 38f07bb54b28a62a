/** The unit of a stream's numbers, as its description says: "air pressure [hPa]", "time [ns], price [EUR]". */

/** Characters of a unit, at most. */
const LONGEST = 20;

/** The unit of a column, which stands behind its name; of a stream without columns, the last one. Empty if there is none. */
export function unitOf(description: string, column?: string): string {
  const units = [...description.matchAll(/(?<before>[^[\]]*)\[(?<unit>[^[\]]*)\]/g)].map(({ groups }) => groups!);
  const found = column === undefined ? units.at(-1) : units.find(({ before }) => endsWithName(before, column));
  const unit = found?.unit.trim() ?? "";
  return unit.length > LONGEST ? "" : unit;
}

/** Whether a text ends with a name that is not the rest of a longer one. */
function endsWithName(text: string, name: string): boolean {
  const trimmed = text.trimEnd();
  return trimmed.endsWith(name) && !/[\p{L}\p{N}_]$/u.test(trimmed.slice(0, trimmed.length - name.length));
}
