/** Who wants to hear of a pipeline's failure, as its tasks cannot tell it from a stop: the ends of links to other machines. */

import type { Manager } from "../manager/manager.ts";
import type { TaskFailure } from "../manager/task_group.ts";
import type { Pipeline } from "./pipeline.ts";

type Listener = (failure: NonNullable<TaskFailure>) => void;

const listeners = new WeakMap<Pipeline, Listener[]>();

/** Has `listener` hear of each task of a pipeline that fails. Call it before the start. */
export function onFailure(pipe: Pipeline, listener: Listener): void {
  listeners.set(pipe, [...listeners.get(pipe) ?? [], listener]);
}

/** Tells those who listen. The pipeline calls this before it starts. */
export function followFailures(pipe: Pipeline, manager: Manager): void {
  const heard = listeners.get(pipe);
  if (!heard) return;
  for (const { ended } of manager.progress) {
    ended.then((failure) => {
      if (failure) { for (const listener of heard) listener(failure); }
    });
  }
}
