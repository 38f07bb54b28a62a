/** Numbers as people read them. */

import { compact } from "../_numbers.ts";
import type { LiveUnit } from "../live/update.ts";

const SUFFIXES: Readonly<Record<Exclude<LiveUnit, "share">, string>> = {
  "bytes": "B",
  "bytes/s": "B/s",
  "frames/s": "/s",
  "messages/s": "/s",
  "count": "",
  "ms": "ms",
};

/** A number with its unit. */
export function format(value: number | null | undefined, unit: LiveUnit): string {
  if (value === null || value === undefined) return "–";
  if (unit === "share") return `${Math.round(100 * value)} %`;
  return `${compact(value)}${SUFFIXES[unit]}`.trimEnd();
}

/** The time of day of so many milliseconds since 1970. */
export function timeOfDay(ms: number): string {
  return new Date(ms).toLocaleTimeString("en-GB");
}
