import { deepStrictEqual, equal, rejects, throws } from "node:assert/strict";
import fc from "fast-check";
import { parse, stringify } from "toml";
import { decodeParams, encodeParams } from "../../../src/pipeline/saved/params.ts";
import { Problem } from "../../../src/pipeline/saved/problem.ts";
import { newPipeline } from "../_helpers.ts";
import * as tasks from "../_tasks.ts";
import { Folder } from "./_helpers.ts";

function throughToml(value: unknown): unknown {
  const text = stringify({ params: encodeParams(value, ["params"]) });
  return decodeParams(parse(text).params, ["params"]);
}

Deno.test("Params come back through TOML as they were, whatever they are", () => {
  const key = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "__proto__", "$null", "$", "a.b", "until"));
  const anything = fc.anything({
    key: key.filter((text) => text.isWellFormed()),
    values: [
      fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
      fc.double(),
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constantFrom(null, undefined, -0, NaN, 2 ** 63, -1e300, 5e-324),
      fc.bigInt(),
      fc.date({
        noInvalidDate: true,
        min: new Date("0000-01-01T00:00:00Z"),
        max: new Date("9999-12-31T23:59:59.999Z"),
      }),
    ],
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withNullPrototype: false,
    maxDepth: 5,
  });
  fc.assert(
    fc.property(anything, (value) => {
      const params = structuredClone(value);
      deepStrictEqual(throughToml(params), params);
    }),
    { numRuns: Number(Deno.env.get("FC_RUNS") ?? 2000) },
  );
});

const bytes = new Uint8Array([1, 2, 3, 255]);
const shown: [string, unknown, string][] = [
  ["a typed array", bytes, '{ "$Uint8Array" = [ 1, 2, 3, 255 ] }'],
  ["a view into an array", bytes.subarray(1, 3), '{ "$Uint8Array" = [ 2, 3 ] }'],
  ["64-bit integers", BigInt64Array.of(-(2n ** 63n)), '{ "$BigInt64Array" = [ "-9223372036854775808" ] }'],
  ["null", null, '{ "$null" = true }'],
  ["a Map", new Map([["a", 1]]), '{ "$Map" = [ [ "a", 1 ] ] }'],
  ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
  ["a key that looks like a tag", { $null: true }, '{ "$object" = [ [ "$null", true ] ] }'],
];
for (const [what, value, toml] of shown) {
  Deno.test(`Params hold ${what} as ${toml}`, () => {
    equal(stringify({ p: [0, encodeParams(value, [])] }), `p = [ 0, ${toml} ]\n`);
    deepStrictEqual(throughToml(value), value);
  });
}

const cyclic: Record<string, unknown> = { a: {} };
cyclic.list = [{ back: cyclic }];
let deep: unknown = 1;
for (let n = 0; n < 200; n++) deep = [deep];
const refused: [string, unknown, string][] = [
  ["a regular expression", { at: [/x/] }, 'params.at\\[0\\] of task "t" must be a text, .*, received /x/'],
  ["an error", { at: new Error("no") }, 'params.at of task "t" must be .*'],
  ["a buffer", new ArrayBuffer(4), 'params of task "t" must be .*, received ArrayBuffer .*'],
  ["shared memory", { at: new Int8Array(new SharedArrayBuffer(4)) }, 'params.at of task "t" must be .*'],
  ["an array with holes", { at: [, 1] }, 'params.at of task "t" must be .*, received \\[ <1 empty item>, 1 \\]'],
  ["a cycle", cyclic, 'params.list\\[0\\].back of task "t" must not hold itself, received a cycle'],
  ["what is nested without end", deep, 'params.* of task "t" must not be nested deeper than 100 levels'],
  ["an invalid date", { at: new Date(NaN) }, 'params.at of task "t" must be .*, received Invalid Date'],
  ["a date that TOML cannot write", { at: new Date(8e15) }, 'params.at of task "t" must be .*'],
];
for (const [what, params, message] of refused) {
  Deno.test(`Pipeline.save() refuses params with ${what}, and names task, param and value`, async () => {
    await using folder = new Folder();
    const pipe = newPipeline("radar");
    pipe.addTask("t", { fn: tasks.ignoreEvent, params } as never);
    await rejects(() => pipe.save(`${folder.path}/radar.toml`), {
      name: "TypeError",
      message: new RegExp(`^Cannot save pipeline "radar": ${message}$`),
    });
    deepStrictEqual([...Deno.readDirSync(folder.path)], []);
  });
}

Deno.test("Pipeline.save() refuses texts with half a surrogate pair", async () => {
  const pipe = newPipeline("radar");
  pipe.addTask("t", { fn: tasks.ignoreEvent, params: { text: "\ud800" } } as never);
  await rejects(() => pipe.save("/nowhere/radar.toml"), {
    name: "DeclarationError",
    message: 'Cannot save pipeline "radar": "\\ud800" has a lone surrogate, which no file can hold',
  });
});

const wrong: [string, string][] = [
  ['{ "$map" = [] }', 'must not have the unknown key "\\$map"; did you mean "\\$Map"\\?'],
  ['{ "$Map" = [], "$Set" = [] }', "must have no other key beside one with \\$, received .*"],
  ['{ "$toString" = [] }', 'must not have the unknown key "\\$toString"'],
  ['{ "$Map" = [ 1 ] }', 'must have an array of pairs as "\\$Map", received \\[ 1 \\]'],
  ['{ "$null" = false }', 'must have true as "\\$null", received false'],
  ['{ "$bigint" = 5 }', 'must have a whole number as a text as "\\$bigint", received 5'],
  ['{ "$bigint" = "0x5" }', "must have a whole number .*"],
  ['{ "$Uint8Array" = [ 256 ] }', "must have an array of numbers in the range of Uint8Array as .*"],
  ['{ "$Uint8Array" = 8 }', "must have an array .*, received 8"],
  ["2020-01-01", "must be a date and time with an offset, such as .*"],
  ["07:32:00", "must be a date and time with an offset, such as .*"],
  ["2020-01-01T00:00:00", "must be a date and time with an offset, such as .*"],
];
for (const [toml, message] of wrong) {
  Deno.test(`decodeParams() refuses ${toml}`, () => {
    throws(() => decodeParams(parse(`p = ${toml}`).p, []), (error: unknown) => {
      return error instanceof Problem && new RegExp(`^${message}$`).test(error.message);
    });
  });
}
