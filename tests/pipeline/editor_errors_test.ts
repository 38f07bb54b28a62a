/** What the editor says of a mistake: it underlines the mistake, and its first sentence is about it. */

import { deepEqual } from "node:assert/strict";
import { join } from "node:path";
import { CONFIG, runDeno } from "../_programs.ts";

const HEAD = `import { Pipeline, type Reader, type TaskContext, type TaskEvent, type Writer } from "@ringmill/ringmill";
export function source(_: { samples: Writer<"float32"> }, __: TaskContext<{ n: number }>) {}
export function scale(_: { samples: Reader<"float32">; doubled: Writer<"float32"> }) {}
export function watch(_: { halt: TaskEvent }) {}
export const pipe = new Pipeline("t", import.meta);
export const samples = pipe.addStream("samples", { shape: [4], dtype: "float32" });
export const other = pipe.addStream("other", { shape: [4], dtype: "float64" });
export const halt = pipe.addEvent("halt");
`;

/** A mistake, on the line that ends with HERE, and what the first sentence says of it. */
const MISTAKES: Readonly<Record<string, readonly [program: string, says: RegExp]>> = {
  "a misspelt binding": [
    `pipe.addTask(
  "t",
  {
    fn: source,
    writes: {
      sample: samples, // HERE
    },
    params: { n: 1 },
  },
);`,
    /'sample' does not exist in type .*Did you mean to write 'samples'\?/,
  ],
  "a binding that is missing": [
    `pipe.addTask("t", {
  fn: scale,
  reads: {}, // HERE
  writes: { doubled: samples },
});`,
    /Property 'samples' is missing/,
  ],
  "a stream of another type": [
    `pipe.addTask("t", {
  fn: scale,
  reads: { samples },
  writes: {
    doubled: other, // HERE
  },
});`,
    /'StreamHandleOf<"float64">' is not assignable to type 'string \| StreamHandle<"float32">'/,
  ],
  "reads for writes": [
    `pipe.addTask("t", {
  fn: source,
  reads: { samples }, // HERE
  params: { n: 1 },
});`,
    /is not assignable to type '"The function has no Reader"'/,
  ],
  "writes for reads": [
    `pipe.addTask("t", {
  fn: watch,
  writes: { samples }, // HERE
  events: { halt },
});`,
    /is not assignable to type '"The function has no Writer"'/,
  ],
  "an event for a stream": [
    `pipe.addTask("t", {
  fn: scale,
  reads: {
    samples: halt, // HERE
  },
  writes: { doubled: samples },
});`,
    /'EventHandle' is not assignable/,
  ],
  "params of another type": [
    `pipe.addTask("t", {
  fn: source,
  writes: { samples },
  params: {
    n: "one", // HERE
  },
});`,
    /'string' is not assignable to type 'number'/,
  ],
  "a misspelt option": [
    `pipe.addTask("t", {
  fn: watch,
  events: { halt },
  descripton: "", // HERE
});`,
    /'descripton' does not exist/,
  ],
  "an fn that is no function": [
    `pipe.addTask("t", {
  fn: 5, // HERE
});`,
    /'number' is not assignable to type/,
  ],
  "a function that does not fit the decorator": [
    `pipe.addTask("t", { reads: { samples: other } })(
  scale, // HERE
);`,
    /is not assignable to parameter of type/,
  ],
  "a switchable task with a stream of another type": [
    `pipe.addTask.switchable("t", {
  fn: scale,
  reads: { samples },
  writes: {
    doubled: other, // HERE
  },
  activateOn: "go",
  events: { go: halt },
});`,
    /'StreamHandleOf<"float64">' is not assignable/,
  ],
  "a toggleable task with a misspelt binding": [
    `pipe.addTask.toggleable("t", {
  fn: scale,
  reads: {
    sample: samples, // HERE
  },
  writes: { doubled: samples },
  activateOn: "go",
  events: { go: halt },
});`,
    /'sample' does not exist/,
  ],
  "an event for a stream in a terminator": [
    `pipe.addTask.terminator("t", {
  reads: {
    samples: halt, // HERE
  },
});`,
    /'EventHandle' is not assignable/,
  ],
};

interface Found {
  readonly sentence: string;
  readonly line: number;
}

/** The first error of each file, by the file's name. */
function firstErrors(report: string): Map<string, Found> {
  const found = new Map<string, Found>();
  for (const [, sentence, file, line] of report.matchAll(/TS\d+ \[ERROR\]: (.*)[^]*?at .*\/(m\d+)\.ts:(\d+):\d+/g)) {
    if (!found.has(file)) found.set(file, { sentence, line: Number(line) });
  }
  return found;
}

Deno.test("The first line of a type error of addTask is the mistake itself, and what is underlined is the mistake", async () => {
  const folder = await Deno.makeTempDir();
  const names = Object.keys(MISTAKES);
  const programs = names.map((name) => HEAD + MISTAKES[name][0]);
  for (const [index, program] of programs.entries()) await Deno.writeTextFile(join(folder, `m${index}.ts`), program);
  const files = names.map((_, index) => join(folder, `m${index}.ts`));
  const { err } = await runDeno(["check", "--config", CONFIG, ...files]);
  await Deno.remove(folder, { recursive: true });
  const found = firstErrors(err);
  const wrong = names.flatMap((name, index) => {
    const meant = programs[index].split("\n").findIndex((line) => line.endsWith("HERE")) + 1;
    const { sentence, line } = found.get(`m${index}`) ?? { sentence: "no error", line: 0 };
    return line === meant && MISTAKES[name][1].test(sentence) ? [] : [{ name, meant, line, sentence }];
  });
  deepEqual(wrong, []);
});
