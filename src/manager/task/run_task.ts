/** Runs a task's function in its worker. */

import { StoppedError } from "../../errors.ts";
import { type Binding, openBinding } from "../../ring/bindings.ts";
import type { BindingDescription } from "../../ring/description.ts";
import { Reader } from "../../ring/reader.ts";
import { settleAll } from "../../ring/owed_frames.ts";
import { RingReader } from "../../ring/ring.ts";
import { Doorbell } from "../../ring/doorbell.ts";
import { SharedMemory } from "../../ring/shared_memory.ts";
import type { TaskEvent } from "../../ring/task_event.ts";
import { TaskRecord } from "../../ring/task_record.ts";
import type { TaskJob } from "./task_protocol.ts";
import type { ActivationMode } from "../specs.ts";
import { WorkerTaskContext } from "../task_context.ts";
import { ownFigures, ownThread } from "../monitoring/thread_account.ts";

// deno-lint-ignore ban-types
type AnyFunction = Function;

/**
 * Opens everything that a job needs. What it returns calls the function, and resolves when that has returned or unwound
 * after the stop; then its streams end, and its readers hold nobody back any longer. If it throws they stay as they are
 * until everybody is told to stop: those who read must not take the end of a failed writer for the end of its stream.
 */
export function prepareTask(fn: AnyFunction, job: TaskJob): () => Promise<void> {
  const memory = new SharedMemory(job.memory);
  const stopReason = () => new StoppedError(`Task "${job.task}" was stopped`);
  const record = new TaskRecord(memory, job.record, ownThread(), ownFigures);
  const doorbell = new Doorbell(memory, job.doorbell, { stopReason, isCrowded: job.isCrowded });
  const open = (binding: BindingDescription, index: number) =>
    openBinding(memory, binding, {
      owes: true,
      stopReason,
      observer: record.observer(index, binding.kind),
      isCrowded: job.isCrowded,
      doorbell,
    });
  const described = Object.entries(job.bindings);
  const bindings = Object.fromEntries(described.map(([name, binding], index) => [name, open(binding, index)]));
  const gate = job.activation && open(job.activation.gate, described.length) as TaskEvent;
  const context = new WorkerTaskContext(job.task, job.params, memory, record.sleep);
  const call = () => fn(bindings, context);
  return async () => {
    record.begin();
    try {
      await (gate ? runActivated(call, job.activation!.mode, gate, bindings) : call());
    } catch (error) {
      if (!(memory.stopped && error instanceof StoppedError)) throw error;
    } finally {
      record.end();
    }
    settleAll();
    for (const binding of Object.values(bindings)) binding.close();
  };
}

/** Calls whenever the event says so, until nobody can signal any more or all that is read has ended. */
async function runActivated(
  call: () => unknown,
  mode: ActivationMode,
  gate: TaskEvent,
  bindings: Readonly<Record<string, Binding>>,
): Promise<void> {
  const readers = Object.values(bindings).filter((binding) =>
    binding instanceof Reader || binding instanceof RingReader
  );
  const hasEnded = () => readers.length > 0 && readers.every((reader) => reader.closed);
  while (!hasEnded() && await gate.waitAsync()) {
    if (mode === "toggleable" && !gate.take()) continue;
    await call();
    settleAll();
  }
}
