import { deepEqual, equal, throws } from "node:assert/strict";
import type { StreamOptions } from "@ringmill/ringmill";
import { newPipeline } from "./_helpers.ts";

Deno.test("Pipeline.addStream() returns a handle with all defaults filled in", () => {
  const stream = newPipeline().addStream("samples", { shape: [3, 5], dtype: "float32" });
  const { name, shape, dtype, frames, cacheAlign, minReaderPosRefreshInterval, minReaderPosRefreshMs, wait } = stream;
  deepEqual(
    { name, shape, dtype, frames, cacheAlign, minReaderPosRefreshInterval, minReaderPosRefreshMs, wait },
    {
      name: "samples",
      shape: [3, 5],
      dtype: "float32",
      frames: 32,
      cacheAlign: true,
      minReaderPosRefreshInterval: 64,
      minReaderPosRefreshMs: 5,
      wait: "adaptive",
    },
  );
  equal(stream.frameBytes, 60);
  equal(stream.stride, 64);
});

Deno.test("Pipeline.addStream() lays frames end to end where cacheAlign is false", () => {
  const stream = newPipeline().addStream("samples", { shape: [3, 5], dtype: "float32", cacheAlign: false });
  equal(stream.stride, 60);
});

Deno.test("Pipeline.addStream() accepts NumPy's codes", () => {
  const pipe = newPipeline();
  equal(pipe.addStream("a", { shape: [1], dtype: "<f4" }).dtype, "float32");
  equal(pipe.addStream("b", { shape: [1], dtype: "c16" }).dtype, "complex128");
  equal(pipe.addStream("c", { shape: [1], dtype: "|b1" }).dtype, "bool");
});

type Wrong = readonly [field: string, value: unknown, kind: typeof TypeError | typeof RangeError, received: string];

const WRONG: readonly Wrong[] = [
  ["shape", 8, TypeError, "8"],
  ["shape", undefined, TypeError, "undefined"],
  ["shape", [], RangeError, "[]"],
  ["shape", [4, 0], RangeError, "[ 4, 0 ]"],
  ["shape", [2.5], RangeError, "[ 2.5 ]"],
  ["dtype", "float31", RangeError, '"float31"; did you mean "float32"?'],
  ["dtype", ">f4", RangeError, '">f4"'],
  ["dtype", "toString", RangeError, '"toString"'],
  ["dtype", undefined, TypeError, "undefined"],
  ["frames", 0, RangeError, "0"],
  ["frames", -1, RangeError, "-1"],
  ["frames", 1.5, RangeError, "1.5"],
  ["frames", NaN, RangeError, "NaN"],
  ["frames", "32", TypeError, '"32"'],
  ["frames", 2 ** 30, RangeError, "1073741824 frames of 64 bytes"],
  ["cacheAlign", 1, TypeError, "1"],
  ["minReaderPosRefreshInterval", 0, RangeError, "0"],
  ["minReaderPosRefreshInterval", 2 ** 32, RangeError, "4294967296"],
  ["minReaderPosRefreshInterval", "64", TypeError, '"64"'],
  ["minReaderPosRefreshMs", -1, RangeError, "-1"],
  ["minReaderPosRefreshMs", NaN, RangeError, "NaN"],
  ["minReaderPosRefreshMs", "5", TypeError, '"5"'],
  ["wait", "sleep", RangeError, '"sleep"'],
];

for (const [field, value, kind, received] of WRONG) {
  Deno.test(`Pipeline.addStream() refuses ${field} ${Deno.inspect(value)}, naming stream, field and value`, () => {
    const pipe = newPipeline();
    const options = { shape: [4], dtype: "int32", [field]: value } as unknown as StreamOptions;
    throws(() => pipe.addStream("samples", options), (error: unknown) => {
      const isRight = error instanceof kind && error.message.startsWith(`Cannot add stream "samples": ${field} must`);
      return isRight && error.message.endsWith(`received ${received}`);
    });
    equal(pipe.streams.size, 0);
  });
}

Deno.test("Pipeline.addStream() does not see later changes of the shape that it was given", () => {
  const shape = [4];
  const stream = newPipeline().addStream("samples", { shape, dtype: "int32" });
  shape[0] = 8;
  deepEqual(stream.shape, [4]);
});
