import { deepEqual, equal } from "node:assert/strict";
import { cached, objectsOf, quietPipeline, statuses, temporaryCache } from "./_helpers.ts";

Deno.test("A run whose cached value another pipeline replaces makes it again, and repeats nothing else", async () => {
  using cache = temporaryCache();
  const make = { fn: (seed: number) => [seed], name: "make", inputs: ["seed"], outputs: ["made"] };
  const calls: string[] = [];
  let interfere = false;
  const pipeline = (gate: number) =>
    quietPipeline([
      make,
      { fn: () => void calls.push("write"), name: "write" },
      {
        fn: async (gate: number) => {
          calls.push("gate");
          const other = quietPipeline([make], { runtime: { seed: 2 }, ...cached(cache.path) });
          if (interfere) await other.run();
          return gate;
        },
        name: "gate",
        version: 1,
        inputs: ["config.gate"],
        outputs: ["passed"],
      },
      {
        fn: (made: number[], passed: number) => [...made, passed],
        name: "join",
        inputs: ["made", "passed"],
        outputs: ["joined"],
      },
    ], { runtime: { seed: 1 }, config: { gate }, ...cached(cache.path) });
  await pipeline(1).run();
  interfere = true;
  const report = await pipeline(2).run();
  deepEqual(statuses(report.nodes), { make: "run", write: "run", gate: "run", join: "run" });
  deepEqual(calls, ["write", "gate", "write", "gate"]);
  deepEqual(objectsOf(pipeline(2)).joined, [1, 2]);
  equal(objectsOf(pipeline(2)).passed, 2);
});
