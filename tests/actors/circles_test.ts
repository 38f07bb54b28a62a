/** Requests in a circle: nobody of it is ever answered, and that is told by names. */

import { type KernelPlace, RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, equal, match } from "node:assert/strict";
import { flooder, Walk, walker } from "./_circle_kernels.ts";
import { PATIENTLY, until } from "./_helpers.ts";

const PLACES: readonly KernelPlace[][] = [["dedicated", "dedicated", "dedicated"], ["shared", "shared", "shared"], [
  "dedicated",
  "shared",
  "dedicated",
]];

async function launched(runtime: RingKernelRuntime, ids: readonly string[], places: readonly KernelPlace[]) {
  return await Promise.all(
    ids.map((id, index) => runtime.kernelScope(id, walker, { worker: places[index % places.length] })),
  );
}

const sorted = (circles: readonly (readonly string[])[]) => circles.map((circle) => [...circle].sort());

/** The names at the end of an error. */
const circleIn = (error: string) =>
  [.../: ([^:]*) wait(?:ed)? for each other in a circle$/.exec(error)![1].matchAll(/\w(?=")/g)].flat().sort();

for (const places of PLACES) {
  Deno.test(`A circle of requests is named in the error of each time-out, though all end at once (${places})`, async () => {
    await using runtime = new RingKernelRuntime({ workers: 2 });
    const [a] = await launched(runtime, ["a", "b", "c"], places);
    for (const way of [["a"], ["b", "a"], ["b", "c", "a"]]) {
      // On a busy machine another one than a may be told first.
      const { errors } = await a.request(Walk({ way, timeoutMs: 1000 }), PATIENTLY);
      const [first] = errors as readonly string[];
      match(first, /^\w: Cannot request of kernel "\w": no answer came for 1000 ms: /);
      if (way.length === 1) match(first, / waits for an answer of itself$/);
      else deepEqual(circleIn(first), [...way].sort());
    }
  });

  Deno.test(`A circle of requests without time-outs is in the summary, by names, until it is broken (${places})`, async () => {
    await using runtime = new RingKernelRuntime({ workers: 2 });
    const [a, b, c] = await launched(runtime, ["a", "b", "c"], places);
    const failed: Promise<unknown>[] = [];
    for (const way of [["b"], ["b", "a"], ["b", "c", "a"]]) {
      // Long enough for a busy machine to bring the message round.
      const asked = a.request(Walk({ way, timeoutMs: Infinity }), { timeoutMs: 1500 });
      failed.push(asked.then(() => null, (error) => error));
      if (way.length === 1) continue;
      const circle = [...new Set(["a", ...way])].sort();
      await until(() => runtime.getSummary().cycles.length > 0, "the circle is known");
      await until(() => runtime.getSummary().cycles[0].length === circle.length, "all of it is known");
      deepEqual(sorted(runtime.getSummary().cycles), [circle]);
      equal(a.telemetry.waitsFor?.kernel, "b");
      const error = await failed.at(-1) as Error;
      equal(error.name, "QueueTimeoutError");
      match(error.message, new RegExp(`"${circle.at(-1)}" wait for each other in a circle$`));
      // The one that waits for whoever has begun is ended: what it was asked fails, and so on back.
      await (way.length === 2 ? b : c).terminate();
      await until(() => runtime.getSummary().cycles.length === 0, "the circle is broken");
      if (way.length === 2) await runtime.kernelScope("b", walker, { worker: places[1] });
    }
  });
}

Deno.test("A circle through a pool is one if all of its members are in it", async () => {
  await using runtime = new RingKernelRuntime({ workers: 2 });
  const a = await runtime.kernelScope("a", walker);
  const pool = await runtime.launchPool("pool", walker, { size: 2, worker: "shared" });
  await pool.activate();
  const walk = Walk({ way: ["a", "pool"], timeoutMs: Infinity });
  await pool.send(walk);
  // One member waits for a, which waits for the pool: the other one answers.
  deepEqual((await pool.receive(PATIENTLY)).errors, []);
  deepEqual(runtime.getSummary().cycles, []);
  await pool.deactivate();
  await a.send(Walk({ way: ["pool", "a"], timeoutMs: Infinity }));
  await pool.send(Walk({ way: ["a"], timeoutMs: Infinity }));
  await until(() => a.telemetry.waitsFor?.kernel === "pool", "a waits");
  await pool.reactivate();
  await until(() => runtime.getSummary().cycles.length > 0, "the circle is known");
  deepEqual(sorted(runtime.getSummary().cycles), [["a", "pool"]]);
});

Deno.test("Kernels that wait for room in each other's inputs are a circle, too; one that waits for readers is none", async () => {
  await using runtime = new RingKernelRuntime({ workers: 2 });
  const a = await runtime.kernelScope("a", flooder);
  const b = await runtime.launch("b", flooder, { worker: "shared" });
  await a.send(Walk({ way: ["b"], timeoutMs: 0 }));
  await until(() => a.telemetry.waitsFor?.kind === "room", "a waits for room");
  deepEqual(runtime.getSummary().cycles, []);
  await b.activate();
  await until(() => runtime.getSummary().cycles.length > 0, "the circle is known");
  deepEqual(sorted(runtime.getSummary().cycles), [["a", "b"]]);
});
