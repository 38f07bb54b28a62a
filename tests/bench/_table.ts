/** What benchmarks tell: rows of times, and the ratios that they are taken for. */

/** How Ringmill compares with a rival at one row of a table. */
export interface Ratio {
  /** Which of Ringmill's ways it is. */
  readonly ours: string;
  readonly rival: string;
  /** The rival's time over ours: above 1, Ringmill is that many times as fast. */
  readonly value: number;
  /** What it is wanted to be at least. */
  readonly wanted?: number;
}

/** One case of a benchmark. */
export interface Row {
  readonly label: string;
  /** By the name of who took it, in the table's unit. */
  readonly times: Readonly<Record<string, number>>;
  readonly ratios: readonly Ratio[];
}

/** The cases of a benchmark. */
export interface Table {
  readonly title: string;
  readonly unit: string;
  readonly rows: readonly Row[];
  /** What else must be known to read it. */
  readonly note?: string;
}

/** The ratios of all other times to `ours`. */
export function against(
  times: Readonly<Record<string, number>>,
  ours: string,
  wanted: Readonly<Record<string, number>> = {},
  rivals: readonly string[] = Object.keys(times).filter((name) => name !== ours),
): Ratio[] {
  return rivals.map((rival) => ({ ours, rival, value: times[rival] / times[ours], wanted: wanted[rival] }));
}

/** A number of bytes for people. */
export function formatBytes(bytes: number): string {
  if (bytes >= 1 << 20) return `${bytes >> 20} MiB`;
  return bytes >= 1 << 10 ? `${bytes >> 10} KiB` : `${bytes} B`;
}

/** A ratio for people: three digits. */
export function formatRatio(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function formatTime(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Prints a table, and below it where it is below what is wanted. */
export function printTable({ title, unit, rows, note }: Table): void {
  const names = distinct(rows.flatMap(({ times }) => Object.keys(times)));
  const pairs = distinct(rows.flatMap(({ ratios }) => ratios.map(({ ours, rival }) => `${rival} / ${ours}`)));
  const lines = rows.map(({ label, times, ratios }) => [
    label,
    ...names.map((name) => name in times ? formatTime(times[name]) : ""),
    ...pairs.map((pair) => {
      const ratio = ratios.find(({ ours, rival }) => `${rival} / ${ours}` === pair);
      return ratio ? `${formatRatio(ratio.value)} x` : "";
    }),
  ]);
  const cells = [["", ...names.map((name) => `${name}, ${unit}`), ...pairs], ...lines];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  console.log(`\n${title}${note ? `\n${note}` : ""}\n`);
  for (const row of cells) {
    const line = row.map((cell, column) => column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]));
    console.log(`  ${line.join("  ")}`);
  }
  for (const { label, ratios } of rows) {
    for (const { ours, rival, value, wanted } of ratios) {
      if (wanted === undefined) continue;
      const verdict = value >= wanted ? "reached" : "not reached";
      console.log(`  ${label}, ${rival} / ${ours}: wanted ${formatRatio(wanted)} x, ${verdict}`);
    }
  }
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)];
}
