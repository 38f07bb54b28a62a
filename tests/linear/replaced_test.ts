import { deepEqual, equal, match } from "node:assert/strict";
import { cached, logged, quietPipeline, statuses, temporaryCache } from "./_helpers.ts";

Deno.test("A run whose cached value is removed meanwhile makes it again, and repeats nothing else", async () => {
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
          if (interfere) await quietPipeline([make], { runtime: { seed: 2 }, ...cached(cache.path) }).clear();
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
  const lines = await logged(async () => {
    const report = await pipeline(2).run();
    deepEqual(statuses(report.nodes), { make: "run", write: "run", gate: "run", join: "run" });
    deepEqual(report.results, { joined: [1, 2] });
  });
  deepEqual(calls, ["write", "gate", "write", "gate"]);
  match(lines.join(), /"made" cannot be taken from the cache: it is not in the cache any more: it is made anew/);
});

Deno.test("A pipeline shows what its own run has made, whatever another has made since in the same cache", async () => {
  using cache = temporaryCache();
  const make = (rate: number) =>
    quietPipeline([
      { fn: (rate: number) => 100 * rate, name: "price", inputs: ["config.rate"], outputs: ["price"] },
    ], { config: { rate }, ...cached(cache.path) });
  const one = make(1);
  const { results } = await one.run();
  const two = make(2);
  await two.run();
  using registry = one.openRegistry();
  deepEqual([registry.get("price"), results.price], [100, 100]);
  // Going back to a configuration costs nothing.
  for (const rate of [1, 2, 1, 2]) equal((await make(rate).run()).nodes[0].status, "cached");
  using later = make(1).openRegistry();
  equal(later.get("price"), 100);
});
