import { deepEqual, equal } from "node:assert/strict";
import type { Snapshot, TaskMetrics } from "@ringmill/ringmill";
import { meanOf } from "../../src/cli/terminal/mean_snapshot.ts";

function snapshot(elapsedMs: number, rate: number, pressurePercent: number, frames: number): Snapshot {
  const end = { stream: "s", frames, bytes: frames, framesPerSecond: rate, bytesPerSecond: 2 * rate };
  const task: TaskMetrics = {
    ...{
      name: "t",
      state: "running",
      waitingFor: null,
      pid: 1,
      threadId: 2,
      nice: 0,
      cpuPercent: rate,
      rssBytes: frames,
    },
    ...{ heapBytes: frames, blockedOnEmpty: rate / 100, blockedOnFull: 0, framesIn: frames, framesOut: 0, bytesIn: 0 },
    ...{ bytesOut: 0, sampledAt: frames, reads: { s: { ...end, refused: 0, lost: 0, pressurePercent } }, writes: {} },
  };
  const stream = { name: "s", pressurePercent, frames, framesPerSecond: rate, bytesPerSecond: 2 * rate };
  return { sampledAt: frames, elapsedMs, pid: 1, rssBytes: frames, tasks: { t: task }, streams: { s: stream } };
}

Deno.test("meanOf() weighs rates, shares and pressures by time, and takes the rest from the last snapshot", () => {
  const [first, second, third] = [snapshot(0, 0, 99, 1), snapshot(100, 10, 20, 2), snapshot(300, 50, 60, 3)];
  deepEqual(meanOf(meanOf(meanOf(undefined, first), second), third), snapshot(400, 40, 50, 3));
});

Deno.test("meanOf() takes what a task waits for from the last snapshot", () => {
  const idle = snapshot(100, 0, 0, 1),
    waiting: Snapshot = {
      ...idle,
      tasks: { t: { ...idle.tasks.t, waitingFor: { what: "data", name: "s" } } },
    };
  deepEqual(meanOf(idle, waiting).tasks.t.waitingFor, { what: "data", name: "s" });
  equal(meanOf(waiting, idle).tasks.t.waitingFor, null);
});
