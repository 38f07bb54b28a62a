/** Runs a task's function in its worker. */

import { StoppedError } from "../../errors.ts";
import { type Binding, openBinding, releaseBinding } from "../../ring/bindings.ts";
import type { BindingDescription } from "../../ring/description.ts";
import { Reader } from "../../ring/reader.ts";
import { settleAll } from "../../ring/owed_frames.ts";
import { RingFlow } from "../../ring/ring_flow.ts";
import { runTableOf } from "../../ring/run_table.ts";
import { RingReader } from "../../ring/ring.ts";
import { Doorbell } from "../../ring/doorbell.ts";
import { OWN_STOP, OwnStop, type OwnStopKind } from "../../ring/own_stop.ts";
import { SharedMemory } from "../../ring/shared_memory.ts";
import type { TaskEvent } from "../../ring/task_event.ts";
import { TaskRecord } from "../../ring/task_record.ts";
import type { Activation, Remains, TaskJob, TaskMessage, TaskStateSlot } from "./task_protocol.ts";
import type { BytesInHand } from "../supervision/reader_hand.ts";
import type { FrameType } from "../../ring/dtypes.ts";
import { frameKind, type SharedFrame } from "../../ring/frame_kind.ts";
import { SOURCE } from "../../ring/source.ts";
import { nameBindings } from "./named_bindings.ts";
import { isUnwinding } from "./unwinding.ts";
import { WorkerTaskContext } from "../task_context.ts";
import { ownFigures, ownThread } from "../monitoring/thread_account.ts";

// deno-lint-ignore ban-types
type AnyFunction = Function;

let isStopped: (() => boolean) | undefined;
let desertTask: (() => Remains) | undefined;
/** Whether the task is called by an activation. */
let isActivated = false;

/** Whether this thread's task was told to stop. */
export function wasStopped(): boolean {
  return isStopped?.() ?? false;
}

/**
 * Has other code of this thread do nothing more to the task's bindings, if a successor will: it has failed. Returns what it
 * leaves; what its readers had in hand stays in the rings.
 */
export function desertBindings(): Remains | undefined {
  return desertTask?.();
}

/** Calls a task's function. Resolves when that has returned or unwound after the stop, to what ends its streams then. */
export type TaskRun = () => Promise<() => void>;

/**
 * Opens everything that a job needs. When its streams end, its readers hold nobody back any longer. If the function throws
 * they stay as they are until everybody is told to stop: those who read must not take the end of a failed writer for the
 * end of its stream.
 */
export function prepareTask(fn: AnyFunction, job: TaskJob, post: (message: TaskMessage) => void): TaskRun {
  const memory = new SharedMemory(job.memory);
  const ownStop = new OwnStop(memory, job.stopWord);
  const stopReason = () => new StoppedError(stopText(job.task, memory.stopped ? 0 : ownStop.kind));
  const record = new TaskRecord(memory, job.record, ownThread(), ownFigures);
  const options = { stopReason, ownStop, oversubscribed: job.oversubscribed };
  const handles = { ...options, doorbell: new Doorbell(memory, job.doorbell, options), owes: true };
  const onClose = () => post({ kind: "left" });
  const open = (binding: BindingDescription, index: number) =>
    openBinding(memory, binding, { ...handles, onClose, observer: record.observer(index, binding.kind) });
  // A wait that a stop would have ended, had the task not returned before, is no failure.
  const deserted = (why: string) => (name: string) =>
    wasStopped() ? stopReason() : new Error(`Cannot use ${name}: ${why}`);
  const described = Object.entries(job.bindings);
  const bindings = Object.fromEntries(described.map(([name, binding], index) => [name, open(binding, index)]));
  if (job.restarts !== null) {
    const failed = deserted("its task has failed, and goes on in another worker");
    desertTask = () => ({ inHand: desert(bindings, failed), isActivated, wasTold: ownStop.wasTold });
  }
  const gate = job.activation && open(job.activation.gate, described.length) as TaskEvent;
  const onStop = () => post({ kind: "stop" });
  const state = job.state && openState(memory, job.task, job.state);
  const restarts = job.restarts ?? 0;
  const parts = {
    name: job.task,
    params: job.params,
    state,
    restarts,
    memory,
    ownStop,
    observer: record.sleep,
    onLateness: (ms: number) => record.tellLateness(ms),
    stopReason,
    onStop,
    flows: (job.onTheWay ?? []).map((ring) => new RingFlow(memory, ring)),
    feeds: (job.feeds ?? []).map((ring) => runTableOf(memory, ring)!),
    readers: Object.values(bindings).filter((binding) => binding instanceof Reader),
  };
  isStopped = () => memory.stopped || ownStop.kind !== 0;
  const own = new WorkerTaskContext(parts);
  const named = nameBindings(fn, job.task, bindings);
  const call = () => fn(named, own);
  return async () => {
    record.begin();
    try {
      await (gate ? runActivated(call, job.activation!, gate, bindings) : call());
    } catch (error) {
      if (!(wasStopped() && isUnwinding(error))) throw error;
    } finally {
      record.end();
    }
    settleAll();
    desert(bindings, deserted("its task has returned"));
    return () => {
      for (const binding of Object.values(job.bindings)) releaseBinding(memory, binding);
    };
  };
}

function desert(bindings: Readonly<Record<string, Binding>>, reason: (name: string) => Error): BytesInHand {
  const inHand: Record<string, number> = {};
  for (const [local, binding] of Object.entries(bindings)) {
    const bytes = binding[SOURCE].desert?.(reason) ?? 0;
    if (bytes > 0) inHand[local] = bytes;
  }
  return inHand;
}

/** The same in each worker: views of one place. */
function openState({ buffer }: SharedMemory, task: string, slot: TaskStateSlot): SharedFrame<FrameType> {
  return frameKind<FrameType>(buffer, { ...slot, stride: 0 }, `the state of ${task}`).view(slot.address);
}

function stopText(task: string, kind: OwnStopKind | 0): string {
  if (kind === OWN_STOP.abandoned) return `Task "${task}" was stopped: nobody reads what it writes any more`;
  if (kind === OWN_STOP.drained) return `Task "${task}" was stopped: the pipeline is drained`;
  return `Task "${task}" was stopped`;
}

/** Calls whenever the event says so, until nobody can signal any more or all that is read has ended. */
async function runActivated(
  call: () => unknown,
  activation: Activation,
  gate: TaskEvent,
  bindings: Readonly<Record<string, Binding>>,
): Promise<void> {
  const readers = Object.values(bindings).filter((binding) =>
    binding instanceof Reader || binding instanceof RingReader
  );
  const isToggleable = activation.mode === "toggleable";
  let isOwed = isToggleable && activation.isOwed;
  const hasEnded = () => readers.length > 0 && readers.every((reader) => reader.closed);
  // A call may have been told of a drain, and have returned.
  const isOver = () => hasEnded() || wasStopped() && !gate.isOpen && !isOwed;
  while (!isOver() && (isOwed || await gate.waitAsync())) {
    if (isToggleable && !isOwed && !gate.take()) continue;
    isOwed = false;
    isActivated = true;
    await call();
    settleAll();
    isActivated = false;
  }
}
