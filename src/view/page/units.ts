/** Numbers of the page's tables and charts. */

import { formatCount, formatDuration, formatShare } from "../../units.ts";
import type { LiveUnit } from "../live/update.ts";

const SUFFIXES: Readonly<Record<Exclude<LiveUnit, "share" | "ms">, string>> = {
  "bytes": "B",
  "bytes/s": "B/s",
  "frames/s": "/s",
  "messages/s": "/s",
  "calls/s": "/s",
  "count": "",
};

/** A number with its unit. */
export function format(value: number | null | undefined, unit: LiveUnit): string {
  if (unit === "share") return formatShare(value);
  if (unit === "ms") return formatDuration(value);
  return formatCount(value, SUFFIXES[unit]);
}

/** The time of day of so many milliseconds since 1970. */
export function timeOfDay(ms: number): string {
  return new Date(ms).toLocaleTimeString("en-GB");
}
