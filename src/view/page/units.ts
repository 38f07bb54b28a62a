/** Numbers as people read them. */

import { compact } from "../draw/numbers.ts";
import type { LiveUnit } from "../live/update.ts";

const SUFFIXES: Readonly<Record<Exclude<LiveUnit, "share" | "ms">, string>> = {
  "bytes": "B",
  "bytes/s": "B/s",
  "frames/s": "/s",
  "messages/s": "/s",
  "count": "",
};

/** A number with its unit. */
export function format(value: number | null | undefined, unit: LiveUnit): string {
  if (value === null || value === undefined) return "–";
  if (unit === "share") return `${Math.round(100 * value)} %`;
  if (unit === "ms") return duration(value);
  return `${compact(value)}${SUFFIXES[unit]}`.trimEnd();
}

/** In the unit that suits it. */
function duration(ms: number): string {
  const [value, unit] = ms > 0 && ms < 1 ? [1000 * ms, "µs"] : ms < 1000 ? [ms, "ms"] : [ms / 1000, "s"];
  return `${Number(value.toPrecision(3))} ${unit}`;
}

/** The time of day of so many milliseconds since 1970. */
export function timeOfDay(ms: number): string {
  return new Date(ms).toLocaleTimeString("en-GB");
}
