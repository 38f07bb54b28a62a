/** The element types of frames: one table, from which the types and the lookups follow. */

/** The typed array of each element type, over whichever kind of buffer. */
export type FrameArrays<Buffer extends ArrayBufferLike> = {
  int8: Int8Array<Buffer>;
  uint8: Uint8Array<Buffer>;
  int16: Int16Array<Buffer>;
  uint16: Uint16Array<Buffer>;
  int32: Int32Array<Buffer>;
  uint32: Uint32Array<Buffer>;
  int64: BigInt64Array<Buffer>;
  uint64: BigUint64Array<Buffer>;
  float16: Float16Array<Buffer>;
  float32: Float32Array<Buffer>;
  float64: Float64Array<Buffer>;
  complex64: Float32Array<Buffer>;
  complex128: Float64Array<Buffer>;
  bool: Uint8Array<Buffer>;
};

/**
 * An element type, by the names of NumPy. `bool` is a byte, 0 or 1, which is not checked; `complex64` and `complex128` are
 * interleaved pairs of float32 or float64, real part first.
 */
export type DType = keyof FrameArrays<ArrayBuffer>;

/** The columns of a frame, each by its name with its element type, in the order in which they lie. */
export type ColumnTypes = { readonly [column: string]: DType };

/** What a frame is made of: one element type, or named columns. */
export type FrameType = DType | ColumnTypes;

/**
 * One frame: the flat typed array of an element type, or an object with such an array for each column. A complex one has two
 * numbers per element.
 */
export type FrameOf<D extends FrameType, Buffer extends ArrayBufferLike = ArrayBufferLike> = D extends DType
  ? FrameArrays<Buffer>[D]
  : { readonly [Column in keyof D]: FrameArrays<Buffer>[D[Column] & DType] };

/** The class of a frame's typed array. */
export interface ArrayClass {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): FrameOf<DType, ArrayBuffer>;
  new (frame: FrameOf<DType>): FrameOf<DType, ArrayBuffer>;
  new <Buffer extends ArrayBufferLike>(buffer: Buffer, byteOffset: number, length: number): FrameOf<DType, Buffer>;
}

/** One row of the table. */
export interface DTypeInfo {
  readonly array: ArrayClass;
  /** Numbers of the array per element: 2 for complex, 1 for all others. */
  readonly lanes: number;
}

/** The table. */
export const DTYPES: { readonly [D in DType]: DTypeInfo } = {
  int8: { array: Int8Array, lanes: 1 },
  uint8: { array: Uint8Array, lanes: 1 },
  int16: { array: Int16Array, lanes: 1 },
  uint16: { array: Uint16Array, lanes: 1 },
  int32: { array: Int32Array, lanes: 1 },
  uint32: { array: Uint32Array, lanes: 1 },
  int64: { array: BigInt64Array, lanes: 1 },
  uint64: { array: BigUint64Array, lanes: 1 },
  float16: { array: Float16Array, lanes: 1 },
  float32: { array: Float32Array, lanes: 1 },
  float64: { array: Float64Array, lanes: 1 },
  complex64: { array: Float32Array, lanes: 2 },
  complex128: { array: Float64Array, lanes: 2 },
  bool: { array: Uint8Array, lanes: 1 },
};

/** NumPy's type codes, without the byte order. Frames are little-endian. */
export const NUMPY_CODES = {
  i1: "int8",
  u1: "uint8",
  i2: "int16",
  u2: "uint16",
  i4: "int32",
  u4: "uint32",
  i8: "int64",
  u8: "uint64",
  f2: "float16",
  f4: "float32",
  f8: "float64",
  c8: "complex64",
  c16: "complex128",
  b1: "bool",
} as const;

/** Every spelling of every code of NumPy, with its element type. */
export type NumpyCodes = {
  [Code in keyof typeof NUMPY_CODES as `${"" | "<" | "=" | "|"}${Code}`]: (typeof NUMPY_CODES)[Code];
};

/** NumPy's code of an element type: `f4`, `<f4`, `=f4`; `|u1` where the byte order does not matter. */
export type NumpyCode = keyof NumpyCodes;

/** Columns, each with a name or a NumPy code of its element type. */
export type ColumnNames = { readonly [column: string]: DType | NumpyCode };

/** What a stream may be declared with: a name or a NumPy code of its element type, or named columns of such. */
export type FrameTypeName = DType | NumpyCode | ColumnNames;

/** The element type that a name or a NumPy code stands for; of columns, that of each. */
export type DTypeOf<Name extends FrameTypeName> = Name extends DType ? Name
  : Name extends NumpyCode ? NumpyCodes[Name]
  : Name extends ColumnNames ? { readonly [Column in keyof Name]: DTypeOf<Name[Column]> & DType }
  : never;

/** The element type that a name or NumPy code stands for, or `null` if it stands for none here. */
export function parseDType(name: string): DType | null {
  if (Object.hasOwn(DTYPES, name)) return name as DType;
  const code = name.replace(/^[<=|]/, "");
  return Object.hasOwn(NUMPY_CODES, code) ? NUMPY_CODES[code as keyof typeof NUMPY_CODES] : null;
}
