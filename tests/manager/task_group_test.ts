import { deepEqual, equal } from "node:assert/strict";
import { TaskError } from "@ringmill/ringmill";
import { type TaskFailure, TaskGroup } from "../../src/manager/task_group.ts";
import type { TaskWorker } from "../../src/manager/task/task_worker.ts";

/** Workers that only note what is asked of them. */
function stubs(...names: string[]) {
  const log: string[] = [];
  const ends = new Map<string, (failure: TaskFailure) => void>();
  const workers = names.map((name) => {
    const ended = Promise.withResolvers<TaskFailure>();
    ends.set(name, (failure) => ended.resolve(failure));
    return {
      name,
      loaded: Promise.resolve(),
      ended: ended.promise,
      run: async () => {
        log.push(`${name} is told`);
        await new Promise((resolve) => setTimeout(resolve, 1));
        log.push(`${name} has begun`);
      },
      discard: () => log.push(`${name} is discarded`),
      abandon: (graceMs: number) => {
        log.push(`${name} is abandoned`);
        ended.resolve(new TaskError(name, `it ignored the stop for ${graceMs} ms`));
      },
    } as unknown as TaskWorker;
  });
  const events = { stopping: () => log.push("stopping"), ended: (task: string) => log.push(`${task} is released`) };
  return { log, ends, workers, events };
}

Deno.test("TaskGroup.run() tells each task when the one before has begun", async () => {
  const { log, workers, events } = stubs("a", "b", "c");
  await new TaskGroup(workers, 1000, events).run(["c", "a", "b"]);
  deepEqual(log, ["c", "a", "b"].flatMap((name) => [`${name} is told`, `${name} has begun`]));
});

Deno.test("TaskGroup stops all when one fails, and releases the failed one after that", async () => {
  const { log, ends, workers, events } = stubs("a", "b");
  const group = new TaskGroup(workers, 1000, events);
  ends.get("a")!(new TaskError("a", "it threw"));
  await Promise.resolve().then(() => ends.get("b")!(null));
  await group.allEnded;
  deepEqual(log, ["stopping", "b is discarded", "a is released", "b is released"]);
  equal(group.takeFailure().message, 'Task "a" failed: it threw');
});

Deno.test("TaskGroup gives up on tasks that have not ended after the grace period", async () => {
  const { log, ends, workers, events } = stubs("a", "b");
  const group = new TaskGroup(workers, 1, events);
  group.stop();
  group.stop();
  ends.get("a")!(null);
  await group.allEnded;
  deepEqual(log.filter((line) => line.includes("stopping") || line.includes("abandoned")), [
    "stopping",
    "b is abandoned",
  ]);
  equal(group.takeFailure().message, 'Task "b" failed: it ignored the stop for 1 ms');
});
