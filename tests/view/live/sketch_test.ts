/** What is sent of a frame. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { DTYPES, type FrameType } from "../../../src/ring/dtypes.ts";
import { frameBytes } from "../../../src/ring/description.ts";
import { layOutColumns } from "../../../src/ring/columns.ts";
import { sketchFrame } from "../../../src/view/live/sketch/sketch_frame.ts";
import { unitOf } from "../../../src/view/live/sketch/unit_of.ts";
import type { LivePart } from "@ringmill/ringmill/view";

type Fill = (index: number) => number | bigint;

/** The parts of a frame, each array of which is filled by its index. */
function sketch(shape: readonly number[], dtype: FrameType, fill: Fill, description?: string): LivePart[] {
  const buffer = new SharedArrayBuffer(64 + frameBytes({ shape, dtype }));
  const columns = typeof dtype === "string"
    ? [{ array: DTYPES[dtype].array, offset: 0, length: shape.reduce((a, b) => a * b, DTYPES[dtype].lanes) }]
    : layOutColumns(shape, dtype).columns;
  for (const { array, offset, length } of columns) {
    const numbers = new array(buffer, 64 + offset, length) as unknown as unknown[];
    for (let index = 0; index < length; index++) numbers[index] = fill(index);
  }
  return sketchFrame(buffer, 64, { shape, dtype, description });
}

const bytes = ({ data }: LivePart) => Uint8Array.fromBase64(data);

/** The numbers that a line stands for: the least and the most of each point. */
function lineOf(part: LivePart): number[][] {
  const levels = new Uint16Array(bytes(part).buffer);
  const [low, high] = part.range ?? [NaN, NaN];
  const value = (level: number) => level > 65_534 ? NaN : low * (1 - level / 65_534) + high * (level / 65_534);
  return Array.from({ length: levels.length / 2 }, (_, n) => [value(levels[2 * n]), value(levels[2 * n + 1])]);
}

Deno.test("A frame of one dimension is a line with all of its numbers, of any type", () => {
  for (const dtype of Object.keys(DTYPES) as (keyof typeof DTYPES)[]) {
    const { lanes, array } = DTYPES[dtype];
    const isBig = array === BigInt64Array || array === BigUint64Array;
    const parts = sketch([10], dtype, (index) => isBig ? BigInt(index) : dtype === "bool" ? index % 2 : index);
    deepEqual(parts.map(({ name }) => name), lanes === 2 ? ["real", "imaginary"] : [""], dtype);
    for (const [lane, part] of parts.entries()) {
      deepEqual([part.kind, part.shape, part.width, part.height, part.missing], ["line", [10], 10, 1, 0], dtype);
      const expected = Array.from({ length: 10 }, (_, n) => dtype === "bool" ? n % 2 : n * lanes + lane);
      for (const [n, [least, most]] of lineOf(part).entries()) {
        ok(Math.abs(least - expected[n]) < 0.001 && least === most, `${dtype} ${n}: ${least}`);
      }
    }
  }
});

Deno.test("A long line keeps its peaks", () => {
  for (const length of [1025, 100_000, 1_000_001]) {
    const [part] = sketch([length], "float32", (index) => index === 777 ? 1 : index === length - 1 ? -2 : 0);
    deepEqual([part.width, part.shape, part.range], [1024, [length], [-2, 1]]);
    const line = lineOf(part);
    equal(Math.round(Math.max(...line.map(([, most]) => most))), 1);
    equal(Math.round(line.at(-1)![0]), -2);
  }
});

Deno.test("Numbers that are not finite are gaps, and counted", () => {
  const [part] = sketch([6], "float64", (index) => [1, NaN, 3, Infinity, -Infinity, 2][index]);
  deepEqual([part.range, part.texts, part.missing], [[1, 3], ["1", "3"], 3]);
  deepEqual(lineOf(part).map(([least]) => Math.round(least)), [1, NaN, 3, NaN, NaN, 2]);
  const [none] = sketch([3], "float32", () => NaN);
  deepEqual([none.range, none.texts, none.missing], [null, null, 3]);
  const [picture] = sketch([3, 3], "float32", (index) => index === 4 ? NaN : index);
  deepEqual([picture.range, picture.missing, bytes(picture)[4]], [[0, 8], 1, 255]);
});

Deno.test("A constant frame and one with the largest numbers there are have levels", () => {
  deepEqual(lineOf(sketch([2], "float64", () => 7)[0]), [[7, 7], [7, 7]]);
  const [part] = sketch([3], "float64", (index) => [-Number.MAX_VALUE, 0, Number.MAX_VALUE][index]);
  deepEqual([...new Uint16Array(bytes(part).buffer)], [0, 0, 32_767, 32_767, 65_534, 65_534]);
});

Deno.test("Integers of 64 bits are told exactly", () => {
  const base = 2n ** 60n + 1n;
  for (const dtype of ["int64", "uint64"] as const) {
    const [part] = sketch([5], dtype, (index) => base + BigInt(index));
    deepEqual(part.texts, [`${base}`, `${base + 4n}`]);
    deepEqual([part.base, part.range], [`${base}`, [0, 4]]);
    deepEqual(lineOf(part).map(([least]) => Math.round(least * 100) / 100), [0, 1, 2, 3, 4]);
  }
  const [part] = sketch([2], "int64", (index) => [-(2n ** 63n), 2n ** 63n - 1n][index]);
  equal(part.texts![0], `${-(2n ** 63n)}`);
});

Deno.test("Integers of 64 bits that lie too far apart for float64 are told as rounded", () => {
  const time = 1_764_255_600_123_456_789n;
  for (
    const [dtype, numbers, texts] of [
      ["int64", [0n, time], ["0", "≈ 1764255600123456800"]],
      ["uint64", [time, 0n], ["≈ 0", `${time}`]],
      ["int64", [-(2n ** 63n), 2n ** 63n - 1n], [`${-(2n ** 63n)}`, "≈ 9223372036854776000"]],
      ["uint64", [0n, 2n ** 53n - 1n], ["0", `${2n ** 53n - 1n}`]],
    ] as const
  ) {
    const [line] = sketch([2], dtype, (index) => numbers[index]);
    deepEqual(line.texts, texts);
    const [picture] = sketch([3, 2], dtype, (index) => numbers[index % 2]);
    deepEqual(picture.texts, texts);
  }
});

Deno.test("Integers of all types are told in full", () => {
  for (const dtype of ["int32", "uint32", "int64", "uint64", "float64"] as const) {
    const big = dtype.endsWith("64") && dtype !== "float64";
    const [part] = sketch([2], dtype, (index) => big ? BigInt(1_234_567 + index) : 1_234_567 + index);
    deepEqual(part.texts, ["1234567", "1234568"], dtype);
  }
});

Deno.test("A frame of two dimensions is a picture; of more, all but the last are below each other", () => {
  const [grey] = sketch([3, 4], "float32", (index) => index);
  deepEqual([grey.kind, grey.shape, grey.width, grey.height], ["picture", [3, 4], 4, 3]);
  deepEqual([...bytes(grey)], Array.from({ length: 12 }, (_, n) => Math.round(n * 254 / 11)));
  const [stack] = sketch([2, 3, 5], "int16", (index) => index);
  deepEqual([stack.kind, stack.shape], ["picture", [6, 5]]);
  const [sizes] = sketch([2, 2], "complex64", (index) => [3, 4, 0, 0, 6, 8, 0, 0][index]);
  deepEqual([sizes.kind, sizes.range], ["picture", [0, 10]]);
  const [flags] = sketch([2, 2], "bool", () => 1);
  deepEqual([...bytes(flags)], [254, 254, 254, 254]);
});

Deno.test("A third dimension of 3 or 4 is colours: bytes as they are, others scaled", () => {
  for (const channels of [3, 4]) {
    const [part] = sketch([2, 2, channels], "uint8", (index) => index + 10);
    deepEqual([part.kind, part.shape, part.channels], ["colours", [2, 2, channels], channels]);
    deepEqual([...bytes(part)], Array.from({ length: 4 * channels }, (_, n) => n + 10));
  }
  const [part] = sketch([1, 2, 2, 3], "float32", (index) => index);
  equal(part.kind, "colours");
  deepEqual([bytes(part)[0], bytes(part)[11]], [0, 255]);
});

Deno.test("A coloured picture that is one point high or wide is one, too", () => {
  for (const shape of [[1, 50, 3], [50, 1, 4], [1, 1, 50, 3]]) {
    const [part] = sketch(shape, "uint8", (index) => index % 200);
    deepEqual([part.kind, part.shape], ["colours", shape.slice(-3)]);
  }
  for (const shape of [[1, 50], [1, 1, 3]]) equal(sketch(shape, "uint8", () => 1)[0].kind, "line");
  deepEqual(sketch([50, 1, 1, 3], "uint8", () => 1)[0].shape, [50, 3]);
  deepEqual(sketch([1, 50, 3], "complex64", () => 1)[0].shape, [50, 3]);
});

Deno.test("Two channels are two lines, interleaved or one after the other", () => {
  for (const shape of [[32, 2], [2, 32]]) {
    const parts = sketch(shape, "int16", (index) => shape[1] === 2 ? index % 2 : Math.floor(index / 32));
    deepEqual(parts.map(({ name, range }) => [name, range]), [["channel 0", [0, 0]], ["channel 1", [1, 1]]]);
  }
});

Deno.test("A frame with columns has a part for each, up to some", () => {
  const parts = sketch([8], { time: "int32", price: "float64" }, () => 1, "time [ns]");
  deepEqual(parts.map(({ name, unit }) => [name, unit]), [["time", "ns"], ["price", ""]]);
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`column ${n}`, "uint8" as const]));
  equal(sketch([8], many, () => 1).length, 16);
});

Deno.test("What is sent of a frame is less than 64 KiB, however large the frame and long its names", () => {
  const name = (n: number) => `${"x\u{1f600}".repeat(500)}${n}`;
  const columns = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [name(n), "float64" as const]));
  const shapes: [number[], FrameType][] = [
    [[1], "uint8"],
    [[300_000], "float64"],
    [[270, 480, 3], "uint8"],
    [[100_000, 3, 4], "uint8"],
    [[3, 100_000], "uint8"],
    [[100_000, 3], "uint8"],
    [[2, 100_000], "complex64"],
    [[2000], columns],
    [[20, 200], columns],
  ];
  for (const [shape, dtype] of shapes) {
    const sent = JSON.stringify(sketch(shape, dtype, (index) => Math.sin(index) * 1e-300)).length;
    ok(sent < 62_000, `${shape}: ${sent}`);
  }
});

Deno.test("unitOf() finds what stands in brackets, of a column behind its name", () => {
  equal(unitOf("air pressure [hPa]"), "hPa");
  equal(unitOf("air pressure"), "");
  equal(unitOf(""), "");
  equal(unitOf("[ m/s² ]"), "m/s²");
  const columns = "time [ns], mid price [EUR] and price [USD]";
  deepEqual(["time", "price", "ice", "size", "mid price"].map((name) => unitOf(columns, name)), [
    "ns",
    "EUR",
    "",
    "",
    "EUR",
  ]);
  equal(unitOf(`[${"x".repeat(1000)}]`), "");
  equal(unitOf("[".repeat(100_000)), "");
});
