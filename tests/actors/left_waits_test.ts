/** What a kernel's function has left waiting when it ends: it takes nothing from the next call, and a stop makes no failure of it. */

import { RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, equal, rejects } from "node:assert/strict";
import { PATIENTLY, until } from "./_helpers.ts";
import { FAILING, Job, leaver, LEFT, mute, neighbour, RECEIVES } from "./_left_waits_kernels.ts";

const PLACES = ["dedicated", "shared"] as const;

for (const worker of PLACES) {
  for (const definition of FAILING) {
    Deno.test(`What a failed call has left waiting takes no message of the next one's (${definition.id}, ${worker})`, async () => {
      await using runtime = new RingKernelRuntime({ workers: 1 });
      const kernel = await runtime.kernelScope("k", definition, { worker });
      for (const deed of Object.keys(RECEIVES)) {
        const failures = kernel.telemetry.errors;
        await rejects(kernel.request(Job({ n: 0, deed }), PATIENTLY), { name: "KernelError" }, deed);
        await until(() => kernel.telemetry.errors > failures, "it has failed");
        for (const n of [1, 2, 3]) equal((await kernel.request(Job({ n }), PATIENTLY)).n, n, deed);
      }
      equal(kernel.telemetry.outputDepth, 0);
    });
  }

  Deno.test(`A wait that is left behind when a stop has the function return is no failure, of nobody (${worker})`, async () => {
    await using runtime = new RingKernelRuntime({ workers: 1 });
    await runtime.kernelScope("mute", mute);
    const beside = await runtime.kernelScope("neighbour", neighbour, { worker: "shared" });
    for (const left of Object.keys(LEFT)) {
      for (const looks of [true, false]) {
        const kernel = await runtime.kernelScope("leaver", leaver, { worker, params: { left, looks } });
        await kernel.terminate(PATIENTLY);
        equal((await beside.request(Job({ n: 7 }), PATIENTLY)).n, 7, left);
        deepEqual([await kernel.ended, kernel.telemetry.errors, beside.telemetry.errors], [null, 0, 0], left);
      }
    }
  });
}
