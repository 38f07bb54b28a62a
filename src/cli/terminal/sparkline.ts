/** The newest frame of a stream as lines of a terminal: a row of small bars for each part of it. */

import { safe } from "../../safe_text.ts";
import { formatCount } from "../../units.ts";
import { short } from "../../view/draw/content.ts";
import type { LiveFrame, LivePart } from "../../view/live/live_frame.ts";

const BARS = "▁▂▃▄▅▆▇█";
/** Parts that are shown, at most. */
const MOST_PARTS = 4;
/** The highest level of a line and of a picture: the one above means that there is no number. */
const TOP = { line: 65_534, picture: 254, colours: 255 } as const;

/** A frame by lines of at most `width` columns. */
export function sparklines({ node, frames, isFinal, type, parts, leftOut }: LiveFrame, width: number): string[] {
  const name = safe(node.replace(/^stream:/, ""));
  const count = frames === 0 ? `no frame ${isFinal ? "came" : "yet"}` : `frame ${formatCount(frames)}`;
  const last = isFinal && frames > 0 ? ", the last" : "";
  const shown = parts.slice(0, MOST_PARTS);
  const more = parts.length - shown.length + leftOut;
  const head = `${name}  ${count}${last}, ${safe(type)}${more === 0 ? "" : `, ${more} more`}`;
  return [head, ...shown.flatMap((part) => [describePart(part), bars(part, width)])].map((line) => short(line, width));
}

function describePart({ name, texts, unit, missing }: LivePart): string {
  const range = texts ? `${texts[0]} to ${texts[1]} ${unit}`.trimEnd() : "no finite number";
  const gaps = missing === 0 || !texts ? "" : `, ${missing} not finite`;
  return safe(`${name === "" ? "" : `${name}: `}${range}${gaps}`);
}

/** Small bars from left to right: of a picture, the mean of each column. */
function bars(part: LivePart, width: number): string {
  const shares = sharesOf(part);
  const count = Math.min(shares.length, Math.max(1, width));
  let text = "";
  for (let bar = 0; bar < count; bar++) {
    const from = Math.floor(bar * shares.length / count);
    const share = meanOf(shares.slice(from, Math.floor((bar + 1) * shares.length / count)));
    text += share === null ? " " : BARS[Math.min(BARS.length - 1, Math.floor(share * BARS.length))];
  }
  return text;
}

/** A share from 0 to 1 for each point from left to right; `null` where there is no number. */
function sharesOf(part: LivePart): (number | null)[] {
  const { kind, width, height, channels = 1 } = part;
  const bytes = Uint8Array.fromBase64(part.data);
  const levels = kind === "line" ? new Uint16Array(bytes.buffer) : bytes;
  const perPoint = kind === "line" ? 2 : channels;
  const share = (level: number) => level > TOP[kind] ? null : level / TOP[kind];
  return Array.from({ length: width }, (_, column) => {
    const rows = Array.from({ length: height }, (_, row) => (row * width + column) * perPoint);
    return meanOf(rows.flatMap((at) => Array.from(levels.slice(at, at + perPoint), share)));
  });
}

function meanOf(shares: readonly (number | null)[]): number | null {
  const known = shares.filter((share) => share !== null);
  return known.length === 0 ? null : known.reduce((sum, share) => sum + share, 0) / known.length;
}
