/** The recording: monthly carbon dioxide over Mauna Loa. Source and licence are in `examples/data/README.md`. */

import { basename } from "node:path";
import { readCsv } from "../shared/csv.ts";

const FILE = new URL("../data/mauna_loa_co2.csv", import.meta.url);

/** An unbroken series of monthly values. */
export interface Recording {
  /** The first month, counted from January of year 0. */
  readonly firstMonth: number;
  /** Parts per million, one value a month. */
  readonly values: Float64Array;
  /** How many months were missing and are filled in. */
  readonly filled: number;
}

/** Reads the series, and puts a straight line across the months that are missing. */
export async function readRecording(): Promise<Recording> {
  const measured = parse(await Deno.readTextFile(FILE));
  const firstMonth = measured[0].month;
  const lastMonth = measured.at(-1)!.month;
  const values = new Float64Array(lastMonth - firstMonth + 1);
  measured.forEach(({ month, value }, index) => {
    const next = measured[index + 1] ?? { month: month + 1, value };
    const slope = (next.value - value) / (next.month - month);
    for (let at = month; at < next.month; at++) values[at - firstMonth] = value + slope * (at - month);
  });
  return { firstMonth, values, filled: values.length - measured.length };
}

function parse(text: string): { month: number; value: number }[] {
  const { dates, column } = readCsv(basename(FILE.pathname), text, ["CO2"]);
  const values = column("CO2");
  return dates.map((date, index) => {
    const [year, month] = date.split("-").map(Number);
    return { month: 12 * year + month - 1, value: values[index] };
  });
}

/** A month as text, like `1958-03`. */
export function monthName(month: number): string {
  return `${Math.floor(month / 12)}-${String(month % 12 + 1).padStart(2, "0")}`;
}
