/**
 * Measures, in a program of its own, `pipeline`, `share`, `cached` or `calls` whose values are 100 MB each. Prints the peak in
 * MB as JSON. `cached` takes the values from a cache that another program has filled before, `fill FOLDER`.
 */

import { fileURLToPath } from "node:url";
import { LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";
import { measureMemory } from "../../src/linear/profile/memory_profile.ts";

const BYTES = 100e6;
const STAGES = 8;

const make = () => new Float64Array(BYTES / 8).fill(1);
const increment = (array: Float64Array) => array.map((item) => item + 1);

const [what, filled] = Deno.args;
const folder = filled ?? (what === "cached" ? Deno.makeTempDirSync() : "");

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

/** One after the other, each node runs again on what it takes from the cache. */
async function runFromCache(): Promise<void> {
  for (const { name } of stages) await pipeline.run({ from: name, to: name, force: true });
}

if (what === "fill") {
  await pipeline.run();
  Deno.exit();
}
const isPipeline = what !== "calls";
if (folder) {
  const program = fileURLToPath(import.meta.url);
  const { success } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", program, "fill", folder] })
    .output();
  if (!success) throw new Error("Cannot measure the memory: the cache could not be filled");
}
const { result, use } = await measureMemory<unknown>(() =>
  folder ? runFromCache() : isPipeline ? pipeline.run() : runCalls()
);
const last = isPipeline ? resultOf(pipeline) : result as Float64Array;
if (last.at(-1) !== STAGES + 1) throw new Error("Cannot measure the memory: the result is wrong");
console.log(JSON.stringify({ stages: STAGES + 1, peakMB: use.peakMiB * 2 ** 20 / 1e6 }));
if (folder) Deno.removeSync(folder, { recursive: true });
