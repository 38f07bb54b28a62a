/** Files that were broken at random: each is refused with an error of the documented kind, or gives a valid pipeline. */

import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { Pipeline, PipelineFileError } from "@ringmill/ringmill";
import { TASKS } from "../_helpers.ts";
import { declareAll, Folder } from "./_helpers.ts";

/** What is put in the place of values. */
const VALUES = [
  "0",
  "-1",
  "1.5",
  "nan",
  "-inf",
  "1e400",
  "99999999999999999999",
  "0x7f",
  "true",
  '""',
  '"\\u0000"',
  '"__proto__"',
  '"../x.ts"',
  '"data:text/javascript,1"',
  '"./_tasks.ts"',
  "''",
  "[]",
  "[ [], [ 1 ] ]",
  "{}",
  "{ a = 1 }",
  '{ "$null" = true }',
  '{ "$Map" = [ [ 1, 2 ] ] }',
  '{ "$Uint8Array" = [ 1, -1 ] }',
  "{ __proto__ = { name = 1 } }",
  "1979-05-27",
  "07:32:00",
  "9999-12-31T23:59:59.999Z",
  `${"[".repeat(2000)}${"]".repeat(2000)}`,
  `"${"long ".repeat(1000)}"`,
];
const KEYS = [
  "name",
  "__proto__",
  "constructor",
  "toString",
  "shape",
  "reads",
  "control_event",
  "params",
  '""',
  "a.b.c",
];
const HEADERS = [
  "[[streams]]",
  "[[events]]",
  "[[tasks]]",
  "[tasks]",
  "[tasks.params]",
  "[__proto__]",
  "[[tasks.params.x]]",
  "[[",
];

type Mutation = (text: string) => string;

/** The text with its `at`-th (of all, modulo) match replaced. */
function replaceOne(text: string, pattern: RegExp, at: number, by: (match: string) => string): string {
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return text;
  const { index, 0: match } = matches[at % matches.length];
  return text.slice(0, index) + by(match) + text.slice(index + match.length);
}

const at = fc.nat(10_000);
const LINE = /^.*\n?/gm;
const VALUE = /(?<== ).*$/gm;
const KEY = /^[^=\n]+(?= = )/gm;
const HEADER = /^\[.*$/gm;
const char = fc.oneof(
  fc.constantFrom(..."\"'[]{}=.,#\\\n\r\t \0-+_$eE0"),
  fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(at, char).map(([n, c]): Mutation => (text) =>
    text.slice(0, n % text.length) + c + text.slice(n % text.length)
  ),
  fc.tuple(at, char).map(([n, c]): Mutation => (text) =>
    text.slice(0, n % text.length) + c + text.slice(n % text.length + 1)
  ),
  fc.tuple(at, fc.integer({ min: 1, max: 40 })).map(([n, more]): Mutation => (text) =>
    text.slice(0, n % text.length) + text.slice(n % text.length + more)
  ),
  at.map((n): Mutation => (text) => text.slice(0, n % text.length)),
  at.map((n): Mutation => (text) => replaceOne(text, LINE, n, () => "")),
  at.map((n): Mutation => (text) => replaceOne(text, LINE, n, (line) => line + line)),
  fc.tuple(at, at).map(([from, to]): Mutation => (text) => {
    const lines = text.split("\n");
    const [line] = lines.splice(from % lines.length, 1);
    lines.splice(to % lines.length, 0, line);
    return lines.join("\n");
  }),
  fc.tuple(at, fc.constantFrom(...VALUES)).map(([n, value]): Mutation => (text) =>
    replaceOne(text, VALUE, n, () => value)
  ),
  fc.tuple(at, at).map(([n, from]): Mutation => (text) => {
    const values = text.match(VALUE) ?? ["0"];
    return replaceOne(text, VALUE, n, () => values[from % values.length]);
  }),
  fc.tuple(at, fc.constantFrom(...KEYS)).map(([n, key]): Mutation => (text) => replaceOne(text, KEY, n, () => key)),
  fc.tuple(at, fc.constantFrom(...HEADERS)).map(([n, header]): Mutation => (text) =>
    replaceOne(text, HEADER, n, () => header)
  ),
);

/** `FC_RUNS` says how many files, where it is set. */
const FILES = Number(Deno.env.get("FC_RUNS") ?? 3000);

Deno.test(`Pipeline.reconstruct() refuses broken files or makes valid pipelines of them (${FILES} files)`, async () => {
  await using folder = new Folder();
  const path = `${folder.path}/radar.toml`;
  const again = `${folder.path}/again.toml`;
  const options = { allowModules: [TASKS] };
  await declareAll().save(path);
  const original = await Deno.readTextFile(path);
  const outcomes = { refused: 0, accepted: 0 };
  let slowest = 0;
  const property = fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
    const text = mutations.reduce((text, mutate) => mutate(text) || " ", original);
    await Deno.writeTextFile(path, text);
    const begin = performance.now();
    const pipe = await Pipeline.reconstruct(path, options).catch((error) => {
      ok(error instanceof PipelineFileError, `${error?.stack}`);
      equal(error.file, path);
      if (error.line !== undefined) ok(error.line >= 1 && error.line <= text.split("\n").length, `line ${error.line}`);
      return null;
    });
    slowest = Math.max(slowest, performance.now() - begin);
    outcomes[pipe ? "accepted" : "refused"]++;
    if (!pipe) return;
    // A valid one can be saved, and is then the same.
    await pipe.save(path);
    await (await Pipeline.reconstruct(path, options)).save(again);
    equal(await Deno.readTextFile(again), await Deno.readTextFile(path));
  });
  await fc.assert(property, { numRuns: FILES });
  ok(outcomes.accepted > FILES / 100 && outcomes.refused > FILES / 2, JSON.stringify(outcomes));
  if (Deno.env.has("FC_RUNS")) console.log(outcomes, `slowest: ${slowest.toFixed(0)} ms`);
});
