/** A program whose pipeline shows on the terminal what it does: `_noisy.ts CACHE [fail|quiet|hang]`. */

import { LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";

const [cachePath, what] = Deno.args;

function work(made: number): void {
  console.log("at work");
  if (what === "hang") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (what === "fail") throw new RangeError(`no more than ${made}`);
}

if (import.meta.main) {
  const pipeline = new LinearPipeline({
    name: "shown",
    nodes: [
      new LinearNode({ fn: () => 1, name: "make", outputs: ["made"] }),
      new LinearNode({ fn: work, inputs: ["made"] }),
    ],
    usePersistentCache: true,
    cachePath,
    quiet: what === "quiet",
  });
  await pipeline.run();
}
