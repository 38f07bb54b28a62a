/** A task that is told to stop alone in the very moment in which its worker fails. */

import { TaskError } from "@ringmill/ringmill";
import { deepEqual, equal } from "node:assert/strict";
import { completeRestart } from "../../src/manager/restart.ts";
import { DeadFrames } from "../../src/manager/dead_frames.ts";
import { SupervisedTask } from "../../src/manager/supervision/supervised_task.ts";
import type { TaskState } from "../../src/manager/metrics.ts";
import type { TaskFailure } from "../../src/manager/task_group.ts";
import type { TaskWorker } from "../../src/manager/task/task_worker.ts";

/** A worker that has begun, and fails when it is told. */
class FailingWorker {
  readonly name = "task";
  readonly loaded = Promise.resolve();
  readonly begun = Promise.resolve(true);
  remains: TaskWorker["remains"];
  state: TaskState = "running";
  readonly #ended = Promise.withResolvers<TaskFailure>();
  readonly ended = this.#ended.promise;

  fail(remains?: TaskWorker["remains"]): void {
    this.remains = remains;
    this.state = "failed";
    this.#ended.resolve(new TaskError("task", "it threw Error: crash"));
  }
}

/** A task with its first worker; it would wait for its restart for days. */
function supervised() {
  const worker = new FailingWorker();
  const task = new SupervisedTask({
    start: () => worker as unknown as TaskWorker,
    restart: completeRestart({ backoffMs: 1e9, maxBackoffMs: 1e9 }),
    hands: new Map(),
    deadLetters: new DeadFrames(),
    resetRecord: () => {},
  });
  return { worker, task };
}

for (const [when, pauseMs] of [["it is not decided what becomes of its failure", null], ["it waits", 10]] as const) {
  Deno.test(`A supervised task counts as restarting while ${when}, and ends when it is told to stop`, async () => {
    const { worker, task } = supervised();
    worker.fail();
    // Without a pause, in the same turn.
    if (pauseMs !== null) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    equal(task.state, "restarting");
    task.leave();
    deepEqual([await task.ended, task.state], [null, "ended"]);
  });
}

Deno.test("A supervised task that fails before it has seen that it is to stop is not started again", async () => {
  const { worker, task } = supervised();
  task.leave();
  equal(task.state, "running");
  worker.fail();
  deepEqual([await task.ended, task.state], [null, "ended"]);
});

Deno.test("A supervised task fails by what it throws after it has seen that it is to stop", async () => {
  const { worker, task } = supervised();
  task.leave();
  worker.fail({ inHand: {}, isActivated: false, wasTold: true });
  equal((await task.ended)?.message, 'Task "task" failed: it threw Error: crash');
  equal(task.state, "failed");
});
