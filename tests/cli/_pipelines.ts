/** Pipelines to run from the command line. */

import { Graph, Node as GraphNode } from "@ringmill/ringmill/graph";
import { LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";
import { Pipeline, type Reader, type TaskContext, type Writer } from "@ringmill/ringmill";

export function count({ numbers }: { numbers: Writer<"int32"> }) {
  for (let n = 1; n <= 100; n++) numbers.write(Int32Array.of(n), Infinity);
}

export function countForever({ numbers }: { numbers: Writer<"int32"> }, context: TaskContext) {
  for (let n = 1;; n++) {
    numbers.write(Int32Array.of(n), Infinity);
    context.sleep(20);
  }
}

export function sum({ numbers }: { numbers: Reader<"int32"> }) {
  let sum = 0;
  for (const [n] of numbers) sum += n;
  console.log(`the sum is ${sum}`);
}

/** Says when it begins and when it has been unwound. */
export function print({ numbers }: { numbers: Reader<"int32"> }) {
  try {
    for (const [n] of numbers) console.log(`number ${n}`);
  } finally {
    console.log("unwound");
  }
}

export function fail({ numbers }: { numbers: Reader<"int32"> }) {
  for (const [n] of numbers) if (n === 7) throw new RangeError("seven");
}

export function failLater({ numbers }: { numbers: Reader<"int32"> }) {
  for (const [n] of numbers) {
    console.log(`number ${n}`);
    if (n === 150) throw new RangeError("later");
  }
}

/** Ignores the stop. */
export function ignore({ numbers }: { numbers: Reader<"int32"> }) {
  for (const [n] of numbers) {
    console.log(`number ${n}`);
    for (;;);
  }
}

type Source = typeof count | typeof countForever;
type Sink = typeof sum;

function pipeline(source: Source, sink: Sink, graceMs = 1000): Pipeline {
  const pipe = new Pipeline("numbers", import.meta, { graceMs });
  const numbers = pipe.addStream("numbers", { shape: [1], dtype: "int32" });
  pipe.addTask("source", { fn: source, writes: { numbers } });
  pipe.addTask("sink", { fn: sink, reads: { numbers } });
  return pipe;
}

export default () => pipeline(count, sum);
export const ready = pipeline(count, sum);
export const later = async () => await Promise.resolve(pipeline(count, sum));
export const failing = () => pipeline(count, fail);
export const failingLater = () => pipeline(countForever, failLater);
export const endless = () => pipeline(countForever, print);
export const deaf = () => pipeline(countForever, ignore, 300);
export const deafForLong = () => pipeline(countForever, ignore, 60_000);
export const number = 7;

/** One that cannot be compiled. */
export function loose(): Pipeline {
  const pipe = new Pipeline("loose", import.meta);
  pipe.addStream("numbers", { shape: [1], dtype: "int32" });
  return pipe;
}

/** One that many tasks read. */
export function wide(): Pipeline {
  const pipe = pipeline(countForever, print);
  for (let n = 1; n <= 12; n++) pipe.addTask(`reader ${n}`, { fn: sum, reads: { numbers: "numbers" } });
  return pipe;
}

const clean = new GraphNode("clean", (text: string) => text.trim());
export const graph = new Graph("text", { nodes: [clean], start: clean });
export const features = () =>
  new LinearPipeline({
    name: "features",
    nodes: [new LinearNode({ fn: Math.abs, name: "abs", inputs: ["x"], outputs: ["y"] })],
  });
