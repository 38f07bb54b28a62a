/** A picture, with fewer points than it may have: each is the mean of some of those that it stands for. */

import type { LivePart } from "../live_frame.ts";
import { Extent, type Numbers } from "./numbers.ts";
import { rangeOf } from "./sketch_line.ts";

/** Along each side of what a point stands for, so many are looked at, at most. */
const MOST_ALONG = 2;
/** The highest level of a grey point. The one above means that there is no number. */
const TOP_OF_PICTURE = 254;

/** Which numbers are a picture: row after row, the channels of a point next to each other. */
export interface PictureNumbers {
  readonly name: string;
  readonly unit: string;
  readonly numbers: Numbers;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** The range that is shown, if it does not follow from the numbers. */
  readonly range?: readonly [number, number];
}

/** How many points of a side are kept, so that there are at most `most` in all. */
function reduced(width: number, height: number, most: number): [width: number, height: number] {
  const scale = Math.min(1, Math.sqrt(most / (width * height)));
  const narrow = Math.max(1, Math.floor(width * scale));
  const low = Math.max(1, Math.floor(height * scale));
  // Of a very long picture, one side is 1 anyway.
  return [Math.min(width, narrow, Math.floor(most / low)), Math.min(height, low, Math.floor(most / narrow))]
    .map((side) => Math.max(1, side)) as [number, number];
}

/** Indexes of one side that a point stands for, evenly spaced. */
function indexesOf(point: number, points: number, length: number): number[] {
  const from = Math.floor(point * length / points);
  const to = Math.floor((point + 1) * length / points);
  const count = Math.min(to - from, MOST_ALONG);
  return Array.from({ length: count }, (_, at) => from + Math.floor((at + 0.5) * (to - from) / count));
}

/** Draws a picture by at most `most` bytes. */
export function sketchPicture(picture: PictureNumbers, most: number): LivePart {
  const { name, unit, numbers, channels } = picture;
  const [width, height] = reduced(picture.width, picture.height, Math.floor(most / channels));
  const columns = Array.from({ length: width }, (_, point) => indexesOf(point, width, picture.width));
  const values = new Float64Array(width * height * channels);
  const extent = new Extent();
  let at = 0;
  for (let row = 0; row < height; row++) {
    const rows = indexesOf(row, height, picture.height);
    for (const column of columns) {
      for (let channel = 0; channel < channels; channel++) {
        const value = meanOf(picture, rows, column, channel);
        extent.add(value);
        values[at++] = value;
      }
    }
  }
  const shown = shownRange(extent, picture);
  const top = channels === 1 ? TOP_OF_PICTURE : 255;
  const data = Uint8Array.from(values, (value) => levelOf(shown, value, top, channels)).toBase64();
  const shape = [picture.height, picture.width, ...channels === 1 ? [] : [channels]];
  const kind = channels === 1 ? "picture" : "colours";
  return { name, kind, unit, shape, width, height, channels, ...rangeOf(extent, numbers), data };
}

function levelOf(shown: Extent, value: number, top: number, channels: number): number {
  // A colour that is no number is dark.
  if (!Number.isFinite(value)) return channels === 1 ? top + 1 : 0;
  return Math.min(top, Math.max(0, shown.level(value, top)));
}

/** What is black, and what is white. */
function shownRange(extent: Extent, { range }: PictureNumbers): Extent {
  if (!range) return extent;
  const shown = new Extent();
  for (const end of range) shown.add(end);
  return shown;
}

function meanOf(
  { numbers, width, channels }: PictureNumbers,
  rows: number[],
  columns: number[],
  channel: number,
): number {
  let sum = 0;
  for (const row of rows) {
    for (const column of columns) sum += numbers.at((row * width + column) * channels + channel);
  }
  return sum / (rows.length * columns.length);
}
