/** A pipeline whose program is killed in the middle: `_killed_night.ts CACHE kill|resume|plain`. */

import { LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";

const [cachePath, what] = Deno.args;

if (import.meta.main) {
  const pipeline = new LinearPipeline({
    name: "night",
    nodes: [
      new LinearNode({ name: "write", fn: () => console.log("write") }),
      new LinearNode({
        name: "middle",
        version: 1,
        fn: () => what === "kill" ? Deno.kill(Deno.pid, "SIGKILL") : 1,
        outputs: ["x"],
      }),
      new LinearNode({ name: "last", fn: () => console.log("last"), inputs: ["x"] }),
    ],
    usePersistentCache: true,
    cachePath,
    quiet: true,
  });
  await pipeline.run({ resume: what === "resume" });
}
