/** Times that two threads compare are on one clock, whatever the system's clock is set to, in whichever thread that is seen. */

import { type KernelHandle, type KernelPlace, RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { shiftClock } from "../ring/_clock_worker.ts";
import { clocked, Deed, type Outcome } from "./_clock_kernels.ts";
import { PATIENTLY, until } from "./_helpers.ts";

const HOUR = 3_600_000;
/** Longer than anything here takes, and much shorter than the steps. */
const LONG = 300_000;
const PLACES: readonly (readonly [KernelPlace, KernelPlace])[] = [
  ["dedicated", "dedicated"],
  ["shared", "shared"],
  ["dedicated", "shared"],
];

type Clocked = KernelHandle<ReturnType<typeof Deed>, ReturnType<typeof Outcome>>;

function checkFigures({ telemetry }: Clocked): void {
  const { latencyMs, processingMs, uptimeMs, throughput, waitsFor } = telemetry;
  for (const { min, max } of [latencyMs!, processingMs!]) ok(min >= 0 && max < LONG, `${min} to ${max} ms`);
  ok(latencyMs!.count > 0 && uptimeMs > 0 && uptimeMs < LONG && throughput > 1 / LONG);
  if (waitsFor) ok(waitsFor.sinceMs >= 0 && waitsFor.sinceMs < LONG);
}

/** Whatever has a deadline is answered before it, and ends after it. */
async function checkDeadlines(kernel: Clocked, other: Clocked): Promise<void> {
  const deeds = ["", "", other.id, "sleep", "receive"];
  const expected = ["done", "done", "done", "done", "timed out"];
  const whats: unknown[] = [];
  for (const deed of deeds) {
    const ms = deed === other.id ? PATIENTLY.timeoutMs : 20;
    whats.push((await kernel.request(Deed({ deed, ms }), PATIENTLY)).what);
  }
  deepEqual(whats, expected);
  deepEqual([kernel.telemetry.messagesExpired, kernel.telemetry.lateAnswers], [0, 0]);
}

async function checkExpiry(kernel: Clocked): Promise<void> {
  await kernel.deactivate(PATIENTLY);
  const late = kernel.request(Deed({ deed: "", ms: 0 }), { timeoutMs: 30 });
  const early = kernel.request(Deed({ deed: "", ms: 0 }), PATIENTLY);
  await rejects(late, { name: "QueueTimeoutError" });
  // Two threads' clocks agree to a millisecond.
  await sleep(20);
  await kernel.reactivate();
  equal((await early).what, "done");
  equal(kernel.telemetry.messagesExpired, 1);
}

/** For how long it waits is told truly. */
async function checkWait(kernel: Clocked, other: Clocked): Promise<void> {
  await other.deactivate(PATIENTLY);
  const asked = kernel.request(Deed({ deed: other.id, ms: 0 }), PATIENTLY);
  await until(() => (kernel.telemetry.waitsFor?.sinceMs ?? 0) > 10, "it waits for the other one");
  checkFigures(kernel);
  await other.reactivate();
  await asked;
}

for (const places of PLACES) {
  for (const stepMs of [HOUR, -HOUR]) {
    const how = `${stepMs > 0 ? "forward" : "back"}, ${places.join(" and ")}`;
    Deno.test(`Deadlines, expiry and figures go by one clock although the system's was set ${how}`, async () => {
      await using runtime = new RingKernelRuntime({ telemetry: true, workers: 2 });
      const [oldPlace, youngPlace] = places;
      const old = await runtime.kernelScope("old", clocked, { worker: oldPlace, params: { shiftMs: 0 } });
      const restore = shiftClock(stepMs, false);
      try {
        // One whose worker starts after the step; it sees another one, and both get new workers after it.
        const young = await runtime.kernelScope("young", clocked, { worker: youngPlace, params: { shiftMs: -stepMs } });
        for (const [kernel, other] of [[old, young], [young, old]] as const) {
          await checkDeadlines(kernel, other);
          await rejects(kernel.request(Deed({ deed: "throw", ms: 0 }), PATIENTLY), { name: "KernelError" });
          await checkDeadlines(kernel, other);
          await checkExpiry(kernel);
          await checkWait(kernel, other);
          checkFigures(kernel);
        }
        const { uptimeMs } = runtime.getSummary();
        ok(uptimeMs > 0 && uptimeMs < LONG);
      } finally {
        restore();
      }
    });
  }
}
