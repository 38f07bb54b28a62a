/** Timing and tables, as all benchmarks use them. */

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A rival: runs the work once and returns nanoseconds per frame, after checking that its result is right. */
export type Rival = () => number | Promise<number>;

/**
 * Runs all rivals in turn, several rounds of each after one that does not count, and returns the median of each. In turn,
 * so that a slow moment of the machine meets all of them.
 */
export async function race<Name extends string>(
  rivals: Readonly<Record<Name, Rival>>,
  rounds: number,
): Promise<Record<Name, number>> {
  const names = Object.keys(rivals) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const time = await rivals[name]();
      if (round > 0) times[name].push(time);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])])) as Record<Name, number>;
}

/** Nanoseconds per round of `work`, called `count` times in one go. */
export function timePerCall(count: number, work: (count: number) => void): number {
  const start = performance.now();
  work(count);
  return (performance.now() - start) / count * 1e6;
}

/** Prints rows of equal columns, the first flush left. */
export function printTable(title: string, rows: readonly (readonly (string | number)[])[]): void {
  const cells = rows.map((row) => row.map((cell) => typeof cell === "number" ? formatNumber(cell) : cell));
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  console.log(`\n${title}\n`);
  for (const row of cells) {
    const line = row.map((cell, column) => column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]));
    console.log(`  ${line.join("  ")}`);
  }
}

function formatNumber(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
}

/** A ratio, as tables show it. */
export function ratio(value: number): string {
  return `${value >= 100 ? value.toFixed(0) : value.toFixed(2)} x`;
}

/** A number of bytes for people. */
export function formatBytes(bytes: number): string {
  if (bytes >= 1 << 20) return `${bytes >> 20} MiB`;
  return bytes >= 1 << 10 ? `${bytes >> 10} KiB` : `${bytes} B`;
}

/** Fails a benchmark whose work came out wrong. */
export function verify(isRight: boolean, what: string): void {
  if (!isRight) throw new Error(`Cannot time ${what}: its result is wrong`);
}
