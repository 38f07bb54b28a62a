/** What ends a row of restarts, and what is told when it has reached its limit. */

import { type KernelPlace, RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { PATIENTLY } from "./_helpers.ts";
import { burying, careful, Deed, limited, RESTART } from "./_limit_kernels.ts";

const PLACES: readonly KernelPlace[] = ["dedicated", "shared"];
const LONG = RESTART.resetMs + 20;
const work = (afterMs: number) => Deed({ fails: false, afterMs });
const failure = (afterMs: number) => Deed({ fails: true, afterMs });

for (const worker of PLACES) {
  Deno.test(`A row of restarts ends by a long run in which a message was processed, ${worker}`, async () => {
    await using runtime = new RingKernelRuntime({ workers: 1 });
    const kernel = await runtime.kernelScope("k", limited, { worker });
    for (let round = 0; round < RESTART.limit + 2; round++) {
      await kernel.request(work(LONG), PATIENTLY);
      await rejects(kernel.request(failure(0), PATIENTLY), /it was told to/);
    }
    await kernel.request(work(0), PATIENTLY);
    equal(kernel.telemetry.restarts, RESTART.limit + 2);
  });

  for (const definition of [limited, burying]) {
    Deno.test(`A row of restarts does not end by long runs that only fail, ${definition.id}, ${worker}`, async () => {
      await using runtime = new RingKernelRuntime({ workers: 1 });
      const kernel = await runtime.kernelScope("k", definition, { worker });
      for (let round = 0; round <= RESTART.limit; round++) {
        await rejects(kernel.request(failure(LONG), PATIENTLY), /it threw RangeError: it was told to/);
      }
      match((await kernel.ended)!.message, /it threw RangeError: it was told to, after 2 restarts in a row$/);
      equal(kernel.telemetry.restarts, RESTART.limit);
    });
  }

  Deno.test(`At the limit all who wait are told, and what is left is counted, ${worker}`, async () => {
    await using runtime = new RingKernelRuntime({ workers: 1 });
    const kernel = await runtime.kernelScope("k", limited, { worker });
    const failing = Array.from({ length: RESTART.limit + 1 }, () => kernel.request(failure(20), PATIENTLY));
    const waiting = [1, 2, 3].map(() => kernel.request(work(0), PATIENTLY));
    await kernel.send(work(0));
    const outcomes = await Promise.allSettled([...failing, ...waiting]);
    deepEqual(new Set(outcomes.map(({ status }) => status)), new Set(["rejected"]));
    match((await kernel.ended)!.message, /after 2 restarts in a row; 4 messages were left in its input$/);
    equal(kernel.telemetry.messagesLost, 4);
  });

  Deno.test(`At the limit a message that is acknowledged becomes a dead letter, ${worker}`, async () => {
    await using runtime = new RingKernelRuntime({ workers: 1 });
    const kernel = await runtime.kernelScope("k", careful, { worker });
    const asked = kernel.request(failure(LONG), PATIENTLY);
    const waiting = kernel.request(work(0), PATIENTLY);
    await Promise.all([rejects(asked, /after 2 restarts in a row/), rejects(waiting, /after 2 restarts in a row/)]);
    const letter = await runtime.deadLetters.receive(PATIENTLY);
    deepEqual([letter.kernel, letter.attempts, letter.message?.fails], ["k", RESTART.limit + 1, true]);
    match((await kernel.ended)!.message, /; 1 message was left in its input$/);
    deepEqual([kernel.telemetry.deadLetters, kernel.telemetry.messagesLost], [1, 1]);
  });
}
