/** What a recorded frame consists of: one array, or one for each named column. */

import { layOutColumns } from "../../ring/columns.ts";
import { type ColumnTypes, type DType, DTYPES } from "../../ring/dtypes.ts";

/** One array of a frame. */
export interface FrameColumn {
  /** `null` for the only array of a plain frame. */
  readonly name: string | null;
  readonly dtype: DType;
  /** Bytes before it in the frame. */
  readonly offset: number;
  /** Numbers in it: twice those of the shape for complex ones. */
  readonly length: number;
  readonly bytes: number;
}

/** The arrays of a frame. */
export interface FrameFormat {
  readonly shape: readonly number[];
  readonly columns: readonly FrameColumn[];
  /** Bytes of a frame, with what aligns its columns. */
  readonly bytes: number;
}

/** Elements in a frame of a shape. */
export const elementsOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** The format of frames of one array. */
function formatOfArray(shape: readonly number[], dtype: DType): FrameFormat {
  const { array, lanes } = DTYPES[dtype];
  const length = elementsOf(shape) * lanes;
  const bytes = length * array.BYTES_PER_ELEMENT;
  return { shape, columns: [{ name: null, dtype, offset: 0, length, bytes }], bytes };
}

/** The format of frames of a shape and a type, or of one type for each column, which lie in their order. */
export function formatOf(shape: readonly number[], dtype: DType | ColumnTypes): FrameFormat {
  return formatOfColumns(shape, typeof dtype === "string" ? [[null, dtype]] : Object.entries(dtype));
}

/** The format of frames of a shape whose arrays lie in the order of `columns`. */
export function formatOfColumns(
  shape: readonly number[],
  columns: readonly (readonly [name: string | null, dtype: DType])[],
): FrameFormat {
  const [[name, dtype]] = columns;
  if (name === null) return formatOfArray(shape, dtype);
  const layout = layOutColumns(shape, Object.fromEntries(columns));
  const laid = layout.columns.map(({ name, dtype, offset, length, array }) => {
    return { name, dtype, offset, length, bytes: length * array.BYTES_PER_ELEMENT };
  });
  return { shape, columns: laid, bytes: layout.bytes };
}

/** A format in an error: `float32 [4, 2]`, or `{ price: float64 } [8]`. */
export function formatText({ shape, columns }: FrameFormat): string {
  const types = columns[0].name === null
    ? columns[0].dtype
    : `{ ${columns.map(({ name, dtype }) => `${name}: ${dtype}`).join(", ")} }`;
  return `${types} [${shape.join(", ")}]`;
}

/** The bytes of a frame: its only array, or all of its columns, which lie behind the first. */
export function bytesOf(frame: object, length: number): Uint8Array<ArrayBuffer> {
  const first = ArrayBuffer.isView(frame) ? frame : Object.values(frame)[0];
  const { buffer, byteOffset } = first as Uint8Array<ArrayBuffer>;
  return new Uint8Array(buffer, byteOffset, length);
}
