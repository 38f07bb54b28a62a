/** Numbers in a few characters. */

const PREFIXES = ["", "k", "M", "G", "T"];

/** A number to be followed by its unit: "12.3 k", "950 ". */
export function compact(value: number): string {
  const rounded = Number(value.toPrecision(3));
  const power = rounded < 1 ? 0 : Math.min(PREFIXES.length - 1, Math.floor(Math.log10(rounded) / 3));
  return `${Number((rounded / 1000 ** power).toPrecision(3))} ${PREFIXES[power]}`;
}
