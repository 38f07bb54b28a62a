/** Frames with named columns: how they lie in a slot, and what may be declared. */

import { suggest } from "../suggest.ts";
import {
  type ColumnTypes,
  type DType,
  type DTypeInfo,
  DTYPES,
  type FrameType,
  type FrameTypeName,
  parseDType,
} from "./dtypes.ts";

/** A column of a frame. */
export interface Column {
  readonly name: string;
  readonly dtype: DType;
  readonly array: DTypeInfo["array"];
  /** Numbers in it: two per element for complex ones. */
  readonly length: number;
  /** Bytes from the start of the frame: a multiple of the element's. */
  readonly offset: number;
}

/** All columns of a frame. */
export interface ColumnLayout {
  readonly columns: readonly Column[];
  /** Bytes of a frame: a multiple of the largest element's, so that frames can follow each other. */
  readonly bytes: number;
}

const roundUp = (value: number, unit: number) => Math.ceil(value / unit) * unit;

/** How the columns of a frame lie: one after the other, in the order of declaration, each aligned to its element. */
export function layOutColumns(shape: readonly number[], types: ColumnTypes): ColumnLayout {
  const elements = shape.reduce((product, size) => product * size, 1);
  const columns: Column[] = [];
  let end = 0;
  let largest = 1;
  for (const [name, dtype] of Object.entries(types)) {
    const { array, lanes } = DTYPES[dtype];
    const size = lanes * array.BYTES_PER_ELEMENT;
    const offset = roundUp(end, size);
    columns.push({ name, dtype, array, length: elements * lanes, offset });
    end = offset + elements * size;
    largest = Math.max(largest, size);
  }
  return { columns, bytes: roundUp(end, largest) };
}

/** Why a name cannot be that of a column, or `null`. Objects have integer-like names first, whatever was declared. */
function refusedName(name: string): string | null {
  if (name === "") return "a column must have a name";
  if (name === "__proto__") return 'a column cannot be named "__proto__"';
  if (/^-?\d+$/.test(name)) return `a column cannot be named like an integer, received ${Deno.inspect(name)}`;
  return null;
}

/**
 * The columns that were declared, with the names of their element types.
 *
 * @throws {TypeError} If there is none, a name is refused, or an element type is no text.
 * @throws {RangeError} If an element type is unknown.
 */
function parseColumns(action: string, declared: Readonly<Record<string, unknown>>): ColumnTypes {
  const names = Object.keys(declared);
  const prototype = Object.getPrototypeOf(declared);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`Cannot ${action}: dtype must be a plain object, received ${Deno.inspect(declared)}`);
  }
  if (names.length === 0) throw new TypeError(`Cannot ${action}: dtype must have one column or more, received {}`);
  return Object.freeze(Object.fromEntries(names.map((name) => [name, parseColumn(action, name, declared[name])])));
}

/**
 * What frames may be declared with: a name or a NumPy code of their element type, or columns of such.
 *
 * @throws {TypeError | RangeError} If it is neither.
 */
export function parseFrameType(action: string, dtype: FrameTypeName): FrameType {
  if (typeof dtype !== "string") return parseColumns(action, dtype);
  return parseDType(dtype) as DType;
}

function parseColumn(action: string, name: string, declared: unknown): DType {
  const refusal = refusedName(name);
  if (refusal !== null) throw new TypeError(`Cannot ${action}: ${refusal}`);
  const dtype = typeof declared === "string" ? parseDType(declared) : null;
  if (dtype !== null) return dtype;
  const known = Object.keys(DTYPES);
  const expected = `dtype.${name} must be one of ${known.join(", ")} or a little-endian NumPy code`;
  const hint = typeof declared === "string" ? suggest(declared, known) : "";
  const kind = typeof declared === "string" ? RangeError : TypeError;
  throw new kind(`Cannot ${action}: ${expected}, received ${Deno.inspect(declared)}${hint}`);
}

/** Whether two declarations are of the same frames: order counts. */
export function isSameType(one: DType | ColumnTypes, other: DType | ColumnTypes): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** An element type or columns, for people: `float32`, or `{ time: int64, price: float64 }`. */
export function formatDType(dtype: DType | ColumnTypes): string {
  if (typeof dtype === "string") return dtype;
  return `{ ${Object.entries(dtype).map(([name, type]) => `${name}: ${type}`).join(", ")} }`;
}

/** What frames are, for people: `float32[480×640]`. */
export function formatFrames(
  { dtype, shape }: { readonly dtype: FrameType; readonly shape: readonly number[] },
): string {
  return `${formatDType(dtype)}[${shape.join("×")}]`;
}
