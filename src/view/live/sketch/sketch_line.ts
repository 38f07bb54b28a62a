/** A line, with fewer points than it may have: of each stretch, the least and the most. */

import type { LivePart } from "../live_frame.ts";
import { Extent, type Numbers } from "./numbers.ts";

/** Numbers of a stretch that are looked at, at most. */
const MOST_LOOKED_AT = 2048;
/** The highest level. The one above means that there is no number. */
const TOP_OF_LINE = 65_534;

/** Which numbers of an array are a line. */
export interface LineNumbers {
  readonly name: string;
  readonly unit: string;
  readonly numbers: Numbers;
  /** The index of the first, from that of one to the next, and how many. */
  readonly first: number;
  readonly step: number;
  readonly length: number;
}

/** Draws a line by at most `most` points. */
export function sketchLine({ name, unit, numbers, first, step, length }: LineNumbers, most: number): LivePart {
  const width = Math.min(length, most);
  const stretches = new Float64Array(2 * width);
  const extent = new Extent();
  for (let point = 0; point < width; point++) {
    const from = Math.floor(point * length / width);
    const to = Math.floor((point + 1) * length / width);
    const stretch = new Extent();
    const stride = Math.ceil((to - from) / MOST_LOOKED_AT);
    for (let index = from; index < to; index += stride) stretch.add(numbers.at(first + index * step));
    stretches[2 * point] = stretch.isEmpty ? NaN : stretch.least;
    stretches[2 * point + 1] = stretch.isEmpty ? NaN : stretch.most;
    extent.missing += stretch.missing;
    if (!stretch.isEmpty) {
      extent.add(stretch.least);
      extent.add(stretch.most);
    }
  }
  const levels = Uint16Array.from(stretches, (value) => extent.level(value, TOP_OF_LINE));
  const data = new Uint8Array(levels.buffer).toBase64();
  return { name, kind: "line", unit, shape: [length], width, height: 1, ...rangeOf(extent, numbers), data };
}

/** What a part says of its numbers. */
export function rangeOf(
  { missing, isEmpty, least, most }: Extent,
  numbers: Numbers,
): Pick<LivePart, "range" | "base" | "texts" | "missing"> {
  const base = numbers.base.toString();
  if (isEmpty) return { range: null, base, texts: null, missing };
  return { range: [least, most], base, texts: [numbers.text(least), numbers.text(most)], missing };
}
