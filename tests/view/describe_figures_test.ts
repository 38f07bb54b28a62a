import { deepEqual, equal, match } from "node:assert/strict";
import { describeFigures, describePipeline, drawMermaid, drawSvg, drawText } from "@ringmill/ringmill/view";
import type { Snapshot, TaskMetrics } from "@ringmill/ringmill";
import { INT, newPipeline } from "../pipeline/_helpers.ts";
import * as tasks from "../pipeline/_tasks.ts";

const task = (fields: Partial<TaskMetrics>) => ({ waitingFor: null, cpuPercent: 0, ...fields }) as TaskMetrics;

Deno.test("describeFigures() tells state, reason to wait and use of a core, and pressure and rates", () => {
  const snapshot = {
    tasks: {
      a: task({ name: "a", state: "running", cpuPercent: 101.5 }),
      b: task({ name: "b", state: "waiting", waitingFor: { what: "data", name: "s" }, cpuPercent: 12.4 }),
      c: task({ name: "c", state: "waiting", waitingFor: { what: "sleep" } }),
    },
    streams: { s: { name: "s", pressurePercent: 50, frames: 9, framesPerSecond: 12_345, bytesPerSecond: 1.6e9 } },
  } as unknown as Snapshot;
  deepEqual(describeFigures(snapshot), {
    nodes: {
      "task:a": { status: "running", lines: [], load: 1, loadName: "CPU" },
      "task:b": { status: "waiting", lines: ["for data: s"], load: 0.124, loadName: "CPU" },
      "task:c": { status: "waiting", lines: ["for sleep"], load: 0, loadName: "CPU" },
      "stream:s": { lines: ["12.3 k frames/s, 1.6 GB/s"], load: 0.5, loadName: "full" },
    },
  });
});

Deno.test("A snapshot of a running pipeline fits its description, in every kind of drawing", async () => {
  await using pipe = newPipeline("live");
  pipe.addStream("numbers", INT);
  pipe.addTask("count", { fn: tasks.countForever, writes: { numbers: "numbers" } });
  pipe.addTask("drain", { fn: tasks.drain, reads: { numbers: "numbers" } });
  pipe.addTask.terminator("nobody", { reads: ["numbers"] });
  await pipe.start();
  let taken = 0;
  for await (const snapshot of pipe.watch()) {
    const description = describePipeline(pipe);
    const figures = describeFigures(snapshot);
    match(await drawText(description, { figures }), /(● running|○ waiting)/);
    match(drawMermaid(description, { figures }), /CPU \d+ #37;/);
    match(await drawSvg(description, { figures }), />CPU \d+ %</);
    if (++taken === 2) break;
  }
  equal(taken, 2);
});
