/** A frame, small enough to be sent to a page some times a second: lines and pictures of it. */

import { layOutColumns } from "../../../ring/columns.ts";
import { type ArrayClass, type DType, DTYPES, type FrameType } from "../../../ring/dtypes.ts";
import { cut } from "../../../safe_text.ts";
import type { LivePart } from "../live_frame.ts";
import { unitOf } from "./unit_of.ts";
import { numbersOf, sizesOf } from "./numbers.ts";
import { sketchLine } from "./sketch_line.ts";
import { sketchPicture } from "./sketch_picture.ts";

/** Bytes of all parts of a frame, at most: with Base64 and JSON around them, less than 64 KiB. */
const MOST_BYTES = 40_000;
/** Points of a line, at most, each of four bytes. */
const MOST_POINTS = 1024;
/** Columns that are drawn, at most. */
export const MOST_COLUMNS = 16;
/** Characters of a column's name. */
const LONGEST_NAME = 100;
/** Rows or columns that are drawn as lines beside each other, if they are much longer than wide: sound in two channels. */
const MOST_CHANNELS = 2;
const LONG = 16;

/** What frames of a stream are. */
export interface FrameShape {
  readonly shape: readonly number[];
  readonly dtype: FrameType;
  /** What is said about the stream: units stand in it. */
  readonly description?: string;
}

/** One array of numbers, of a shape. */
interface Sheet {
  readonly name: string;
  readonly unit: string;
  readonly array: InstanceType<ArrayClass>;
  readonly dtype: DType;
  readonly sides: readonly number[];
}

/** Draws the frame at an address of a buffer. */
export function sketchFrame(buffer: ArrayBufferLike, address: number, frame: FrameShape): LivePart[] {
  const sides = sidesOf(frame.shape);
  const sheets = sheetsOf(buffer, address, frame).map((sheet): Sheet => ({ ...sheet, sides }));
  return sheets.flatMap((sheet) => sketchSheet(sheet, Math.floor(MOST_BYTES / sheets.length)));
}

/** The sides without those of 1, but for a coloured picture that is one point high or wide. */
function sidesOf(shape: readonly number[]): readonly number[] {
  const sides = shape.filter((size) => size > 1);
  const last = shape.slice(-3);
  const isThin = sides.length === 2 && last.length === 3 && areColours(last[2]) && hasAll(last, shape);
  return isThin ? last : sides;
}

const areColours = (channels: number) => channels === 3 || channels === 4;

/** Whether some sides hold as many elements as all do. */
function hasAll(sides: readonly number[], shape: readonly number[]): boolean {
  const product = (sizes: readonly number[]) => sizes.reduce((product, size) => product * size, 1);
  return product(sides) === product(shape);
}

function sheetsOf(buffer: ArrayBufferLike, address: number, frame: FrameShape): Omit<Sheet, "sides">[] {
  const { shape, dtype, description = "" } = frame;
  if (typeof dtype === "string") {
    const { array, lanes } = DTYPES[dtype];
    const length = shape.reduce((product, size) => product * size, lanes);
    return [{ name: "", unit: unitOf(description), array: new array(buffer, address, length), dtype }];
  }
  return layOutColumns(shape, dtype).columns.slice(0, MOST_COLUMNS).map(({ name, array, length, offset, dtype }) => ({
    name: cut(name, LONGEST_NAME),
    unit: unitOf(description, name),
    array: new array(buffer, address + offset, length),
    dtype,
  }));
}

function sketchSheet(sheet: Sheet, bytes: number): LivePart[] {
  const { sides } = sheet;
  if (sides.length <= 1) return sketchLines(sheet, sides[0] ?? 1, 1, false, bytes);
  const [first, second] = sides;
  if (sides.length === 2 && second <= MOST_CHANNELS && first >= LONG * second) {
    return sketchLines(sheet, first, second, false, bytes);
  }
  if (sides.length === 2 && first <= MOST_CHANNELS && second >= LONG * first) {
    return sketchLines(sheet, second, first, true, bytes);
  }
  return [sketchSheetAsPicture(sheet, bytes)];
}

/** Lines of one dimension, one for each channel, and of complex numbers for their real and imaginary parts. */
function sketchLines(sheet: Sheet, length: number, channels: number, isPlanar: boolean, bytes: number): LivePart[] {
  const { lanes } = DTYPES[sheet.dtype];
  const numbers = numbersOf(sheet.array);
  const points = Math.min(MOST_POINTS, Math.floor(bytes / (4 * channels * lanes)));
  const lines: LivePart[] = [];
  for (let channel = 0; channel < channels; channel++) {
    for (let lane = 0; lane < lanes; lane++) {
      const name = [
        sheet.name,
        channels > 1 ? `channel ${channel}` : "",
        lanes > 1 ? ["real", "imaginary"][lane] : "",
      ].filter(Boolean).join(" ");
      const first = (isPlanar ? channel * length : channel) * lanes + lane;
      const step = (isPlanar ? 1 : channels) * lanes;
      lines.push(sketchLine({ name, unit: sheet.unit, numbers, first, step, length }, points));
    }
  }
  return lines;
}

/** Two dimensions, a third of 3 or 4 channels; of others, all but the last are below each other. */
function sketchSheetAsPicture({ name, unit, array, dtype, sides }: Sheet, bytes: number): LivePart {
  const isComplex = DTYPES[dtype].lanes > 1;
  const numbers = isComplex ? sizesOf(numbersOf(array)) : numbersOf(array);
  const hasColours = sides.length === 3 && areColours(sides[2]) && !isComplex;
  if (hasColours) {
    const range = dtype === "uint8" ? [0, 255] as const : undefined;
    return sketchPicture({ name, unit, numbers, width: sides[1], height: sides[0], channels: sides[2], range }, bytes);
  }
  const width = sides.at(-1)!;
  const height = sides.slice(0, -1).reduce((product, size) => product * size, 1);
  const range = dtype === "bool" ? [0, 1] as const : undefined;
  return sketchPicture({ name, unit, numbers, width, height, channels: 1, range }, bytes);
}
