/** A program that fills a cache again and again: `_rounds.ts PATH FIRST COUNT`. */

import { LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";

const LENGTH = 100_000;

/** An array that holds nothing but one number. */
export function isUniform(array: Float64Array, value = array[0]): boolean {
  return array.length === LENGTH && array.every((item) => item === value);
}

function make(round: number): Float64Array {
  return new Float64Array(LENGTH).fill(round);
}

function double(made: Float64Array, round: number): Float64Array {
  if (!isUniform(made, round)) throw new Error(`the cache of round ${made[0]} was used in round ${round}`);
  return made.map((item) => 2 * item);
}

function count(doubled: Float64Array, made: Float64Array): [number, string] {
  return [doubled[0] + made[0], "x".repeat(made[0] % 1000)];
}

/** The pipeline of one round. */
export function pipelineOf(cachePath: string, round: number): LinearPipeline {
  return new LinearPipeline({
    name: "rounds",
    nodes: [
      new LinearNode({ fn: make, inputs: ["config.round"], outputs: ["made"] }),
      new LinearNode({ fn: double, inputs: ["made", "config.round"], outputs: ["doubled"] }),
      new LinearNode({ fn: count, inputs: ["doubled", "made"], outputs: ["total", "text"] }),
    ],
    config: { round },
    usePersistentCache: true,
    cachePath,
    trackHistory: round % 10 === 0,
    quiet: true,
  });
}

if (import.meta.main) {
  const [path, first, rounds] = Deno.args;
  for (let round = Number(first); round < Number(first) + Number(rounds); round++) {
    await pipelineOf(path, round).run();
    if (round === Number(first)) console.log("first round done");
  }
}
