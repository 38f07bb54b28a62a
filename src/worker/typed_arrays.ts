/** All classes of views, by the numbers that stand for them on the disk and between threads: only ever append. */
export const VIEWS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float16Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
] as const;

/** A view that is no `DataView`. */
type TypedArrayClass = Exclude<(typeof VIEWS)[number], typeof DataView>;

/** All classes of typed arrays. */
export const TYPED_ARRAYS = VIEWS.filter((kind) => kind !== DataView) as readonly TypedArrayClass[];
