import { deepEqual, equal } from "node:assert/strict";
import { type DType, DTYPES, type FrameOf, parseDType } from "../../src/ring/dtypes.ts";
import { makeStream } from "./_helpers.ts";

/** Four elements of each type, extremes among them. */
const SAMPLES: { readonly [D in DType]: FrameOf<D, ArrayBuffer> } = {
  int8: Int8Array.of(-128, -1, 0, 127),
  uint8: Uint8Array.of(0, 1, 128, 255),
  int16: Int16Array.of(-32_768, -1, 0, 32_767),
  uint16: Uint16Array.of(0, 1, 32_768, 65_535),
  int32: Int32Array.of(-(2 ** 31), -1, 0, 2 ** 31 - 1),
  uint32: Uint32Array.of(0, 1, 2 ** 31, 2 ** 32 - 1),
  int64: BigInt64Array.of(-(2n ** 63n), -1n, 2n ** 53n + 1n, 2n ** 63n - 1n),
  uint64: BigUint64Array.of(0n, 1n, 2n ** 63n, 2n ** 64n - 1n),
  float16: Float16Array.of(-0, 65_504, 2 ** -24, NaN),
  float32: Float32Array.of(-0, 3.4028234663852886e38, 2 ** -149, NaN),
  float64: Float64Array.of(-0, Number.MAX_VALUE, Number.MIN_VALUE, NaN),
  complex64: Float32Array.of(1, -1, 0.5, -0.5, Infinity, -Infinity, -0, NaN),
  complex128: Float64Array.of(1, -1, 0.1, -0.1, Infinity, -Infinity, -0, NaN),
  bool: Uint8Array.of(0, 1, 1, 0),
};

const NAMES = Object.keys(DTYPES) as DType[];

/** Its class and its bytes: NaN equals NaN, and -0 does not equal 0. */
function exactly(frame: FrameOf<DType> | null): unknown {
  return frame && { kind: frame.constructor.name, bytes: new Uint8Array(frame.slice().buffer) };
}

for (const dtype of NAMES) {
  Deno.test(`a stream of ${dtype} carries frames unchanged`, () => {
    const stream = makeStream({ dtype, shape: [2, 2], frames: 2 });
    const writer = stream.writer();
    const reader = stream.reader();
    const sample = SAMPLES[dtype];
    equal(writer.write(sample), true);
    deepEqual(exactly(reader.read()), exactly(sample));
    writer.frame().set(sample as Float64Array & BigInt64Array);
    equal(writer.write(writer.frame()), true);
    equal(reader.readInto(reader.frame()), true);
    deepEqual(exactly(reader.frame()), exactly(sample));
  });
}

Deno.test("DTYPES has the sizes of NumPy", () => {
  const sizes = Object.fromEntries(
    Object.entries(DTYPES).map(([name, { array, lanes }]) => [name, array.BYTES_PER_ELEMENT * lanes]),
  );
  deepEqual(sizes, {
    ...{ int8: 1, uint8: 1, bool: 1, int16: 2, uint16: 2, float16: 2, int32: 4, uint32: 4, float32: 4 },
    ...{ int64: 8, uint64: 8, float64: 8, complex64: 8, complex128: 16 },
  });
});

Deno.test("a complex frame has its real and imaginary parts interleaved, two numbers per element", () => {
  const stream = makeStream({ dtype: "complex64", shape: [3], cacheAlign: false });
  const writer = stream.writer();
  const reader = stream.reader();
  equal(writer.frameLength, 6);
  equal(writer.frameBytes, 24);
  deepEqual(reader.shape, [3]);
  const frame = writer.look()!;
  for (let element = 0; element < 3; element++) {
    frame[2 * element] = element;
    frame[2 * element + 1] = -element;
  }
  writer.increment();
  deepEqual(reader.read(), Float32Array.of(0, -0, 1, -1, 2, -2));
});

Deno.test("parseDType() takes the names as they are", () => {
  for (const name of NAMES) equal(parseDType(name), name);
});

Deno.test("parseDType() takes NumPy's codes, little-endian or without a byte order", () => {
  const codes = {
    ...{ i1: "int8", u1: "uint8", i2: "int16", u2: "uint16", i4: "int32", u4: "uint32", i8: "int64", u8: "uint64" },
    ...{ f2: "float16", f4: "float32", f8: "float64", c8: "complex64", c16: "complex128", b1: "bool" },
  };
  deepEqual(Object.values(codes).toSorted(), NAMES.toSorted());
  for (const [code, dtype] of Object.entries(codes)) {
    for (const order of ["", "<", "=", "|"]) equal(parseDType(order + code), dtype, order + code);
  }
});

Deno.test("parseDType() returns null for big-endian codes", () => {
  for (const code of [">f4", ">i2", ">u8", ">c16", "!f4"]) equal(parseDType(code), null, code);
});

Deno.test("parseDType() returns null for what stands for no element type", () => {
  const unknown = ["", "f", "f3", "f16", "float", "Float32", "<float32", "<<f4", "f4 ", " f4", "u16", "c4", "U8", "O"];
  for (const name of [...unknown, "toString", "__proto__", "constructor", "<constructor"]) {
    equal(parseDType(name), null, name);
  }
});
