import { deepEqual, equal } from "node:assert/strict";
import type { Snapshot, TaskMetrics } from "@ringmill/ringmill";
import { meanOf } from "../../src/cli/terminal/mean_snapshot.ts";

function snapshot(
  elapsedMs: number,
  rate: number | null,
  pressurePercent: number,
  frames: number,
  cpuMs: number | null,
): Snapshot {
  const share = rate === null ? null : rate / 100;
  const bytesPerSecond = rate === null ? null : 2 * rate;
  const flow = { frames, framesPerSecond: rate, bytesPerSecond };
  const end = { stream: "s", bytes: frames, waitedMs: frames, blocked: share, ...flow };
  const task: TaskMetrics = {
    ...{
      name: "t",
      state: "running",
      waitingFor: null,
      waits: [],
      pid: 1,
      threadId: 2,
      nice: 0,
      cpuPercent: rate,
      cpuMs,
      rssBytes: frames,
    },
    ...{ heapBytes: frames, blockedOnEmpty: share, blockedOnFull: 0, framesIn: frames, framesOut: 0, bytesIn: 0 },
    ...{ latenessMs: null, restarts: 0, skippedFrames: 0, deadLetters: 0, lastError: null },
    ...{ bytesOut: 0, sampledAt: frames, reads: { s: { ...end, lost: 0, refused: 0, pressurePercent } }, writes: {} },
  };
  const stream = { name: "s", pressurePercent, ...flow };
  return { sampledAt: frames, elapsedMs, pid: 1, rssBytes: frames, tasks: { t: task }, streams: { s: stream } };
}

Deno.test("meanOf() weighs rates, shares and pressures by time, and takes the rest from the last snapshot", () => {
  const first = snapshot(0, null, 99, 1, 5);
  const second = snapshot(100, 10, 20, 2, 15);
  const third = snapshot(300, 50, 60, 3, 165);
  deepEqual(meanOf(meanOf(meanOf(undefined, first), second), third), snapshot(400, 40, 50, 3, 165));
});

Deno.test("meanOf() has the CPU time that was used while nothing was known of it", () => {
  const withCpu = (elapsedMs: number, cpuPercent: number | null, cpuMs: number | null): Snapshot => {
    const whole = snapshot(elapsedMs, 0, 0, 1, cpuMs);
    return { ...whole, tasks: { t: { ...whole.tasks.t, cpuPercent } } };
  };
  const all = [withCpu(0, null, 10), withCpu(100, 50, 60), withCpu(100, null, 60), withCpu(100, 100, 260)];
  const means = all.map((_, index) => all.slice(0, index + 1).reduce(meanOf).tasks.t.cpuPercent);
  deepEqual(means.slice(0, 2), [null, 50]);
  equal(means[3], 250 / 300 * 100);
  equal([withCpu(0, null, null), withCpu(100, null, null)].reduce(meanOf).tasks.t.cpuPercent, null);
});

Deno.test("meanOf() takes what a task waits for from the last snapshot", () => {
  const idle = snapshot(100, 0, 0, 1, 0);
  const waits = [{ what: "data", name: "s" }] as const;
  const waiting: Snapshot = { ...idle, tasks: { t: { ...idle.tasks.t, waitingFor: waits[0], waits } } };
  deepEqual(meanOf(idle, waiting).tasks.t.waitingFor, { what: "data", name: "s" });
  equal(meanOf(waiting, idle).tasks.t.waitingFor, null);
});
