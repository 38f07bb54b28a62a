/** What the editor says of a mistake in the options of a task. */

import { deepEqual } from "node:assert/strict";
import { misreported, type Mistakes } from "../_editor_errors.ts";

const HEAD = `import { Pipeline, type Reader, type TaskContext, type TaskEvent, type Writer } from "@ringmill/ringmill";
export function source(_: { samples: Writer<"float32"> }, __: TaskContext<{ n: number }>) {}
export function scale(_: { samples: Reader<"float32">; doubled: Writer<"float32"> }) {}
export function watch(_: { halt: TaskEvent }) {}
export const pipe = new Pipeline("t", import.meta);
export const samples = pipe.addStream("samples", { shape: [4], dtype: "float32" });
export const other = pipe.addStream("other", { shape: [4], dtype: "float64" });
export const halt = pipe.addEvent("halt");
`;

const MISTAKES: Mistakes = {
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

Deno.test("The first line of a type error of addTask is the mistake itself, and what is underlined is the mistake", async () => {
  deepEqual(await misreported(HEAD, MISTAKES), []);
});
