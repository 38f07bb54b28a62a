/** Measures, in a program of its own, `pipeline`, `share`, `cached` or `calls` whose values are 100 MB each. Prints the peak in MB as JSON. */

import { LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";
import { measureMemory } from "../../src/linear/profile/memory_profile.ts";

const BYTES = 100e6;
const STAGES = 8;

const make = () => new Float64Array(BYTES / 8).fill(1);
const increment = (array: Float64Array) => array.map((item) => item + 1);

const [what] = Deno.args;
const folder = what === "cached" ? Deno.makeTempDirSync() : "";

const stages = Array.from({ length: STAGES }, (_, n) => {
  return new LinearNode({
    fn: increment,
    name: `stage${n}`,
    inputs: [`x${n}`],
    outputs: [`x${n + 1}`],
    share: what === "share",
  });
});
const pipeline = new LinearPipeline({
  name: "memory",
  nodes: [new LinearNode({ fn: make, outputs: ["x0"] }), ...stages],
  quiet: true,
  ...folder && { usePersistentCache: true, cachePath: `${folder}/cache.db` },
});

function runCalls(): Float64Array {
  let array = make();
  for (let stage = 0; stage < STAGES; stage++) array = increment(array);
  return array;
}

function resultOf(pipeline: LinearPipeline): Float64Array {
  using registry = pipeline.openRegistry();
  return registry.get(`x${STAGES}`) as Float64Array;
}

const isPipeline = what !== "calls";
// From the cache: the first outputs are there, each node has to run again on what it takes from it.
if (folder) await pipeline.run();
const { result, use } = await measureMemory<unknown>(() =>
  isPipeline ? pipeline.run({ force: folder !== "" }) : runCalls()
);
const last = isPipeline ? resultOf(pipeline) : result as Float64Array;
if (last.at(-1) !== STAGES + 1) throw new Error("Cannot measure the memory: the result is wrong");
console.log(JSON.stringify({ stages: STAGES + 1, peakMB: use.peakMiB * 2 ** 20 / 1e6 }));
if (folder) Deno.removeSync(folder, { recursive: true });
