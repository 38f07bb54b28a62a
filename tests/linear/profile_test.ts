import { equal, match, ok } from "node:assert/strict";
import { measureMemory } from "../../src/linear/_memory_profile.ts";
import { logged, quietPipeline } from "./_helpers.ts";

const MIB = 2 ** 20;

/** Writes to each page, or the system would not give them. */
const allocate = (mib: number) => new Uint8Array(mib * MIB).fill(1);

Deno.test("Node with profile logs the memory in the form of the seed, and has it in report and history", async () => {
  const pipeline = quietPipeline([
    { fn: () => allocate(64), name: "expensive_function", outputs: ["bytes"], profile: true },
  ], { trackHistory: true });
  const lines: string[] = [];
  lines.push(
    ...await logged(async () => {
      const { nodes } = await pipeline.run();
      const [{ memory }] = pipeline.history;
      ok(memory!.deltaMiB > 50 && memory!.peakMiB >= memory!.deltaMiB);
      equal(nodes[0].memory, memory);
    }),
  );
  equal(lines.length, 1);
  match(lines[0], /^\[expensive_function\] ΔMem: \d+\.\d\d MiB \| Peak: \d+\.\d\d MiB$/);
});

Deno.test("measureMemory() sees a peak that is over before the end, in sync and async work", async () => {
  const spike = () => {
    // Given back at once when it is transferred to nobody.
    const bytes = allocate(256);
    for (const end = performance.now() + 30; performance.now() < end;);
    bytes.buffer.transfer(0);
  };
  for (const work of [spike, () => Promise.resolve().then(spike)]) {
    const { use } = await measureMemory(work);
    ok(use.peakMiB > 200, `${use.peakMiB}`);
    ok(use.deltaMiB < use.peakMiB - 100, `${use.deltaMiB}`);
  }
});

Deno.test("measureMemory() passes on what the work throws", async () => {
  let caught: unknown;
  await measureMemory(() => {
    throw "no";
  }).catch((error) => caught = error);
  equal(caught, "no");
});
