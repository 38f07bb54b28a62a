/** Which tasks are told to stop alone: by a drain, or since nobody reads what they write. */

import { type BindingDescription, eventWaiters, type RingDescription, ringWaiters } from "../../ring/description.ts";
import { OWN_STOP, type OwnStopKind, tellTask } from "../../ring/own_stop.ts";
import { isRingAbandoned, isRingClosed } from "../../ring/ring_figures.ts";
import type { SharedMemory } from "../../ring/shared_memory.ts";
import { wakeWaiters } from "../../ring/waiters_word.ts";
import type { TaskJob } from "./task_protocol.ts";

/** Who reads a stream where no task does. */
const PROGRAM = "the program";

/** What decides whether a task is told. */
export interface OwnStopRules {
  /** Whether a task has not ended yet. */
  isRunning(task: string): boolean;
  /** A task was told. */
  told(task: string): void;
  /** Whether a task is told when nobody reads what it writes. */
  endsAbandoned(task: string): boolean;
}

/** Tells tasks, and wakes them for it. */
export class OwnStops {
  /** The tasks that were told since nobody reads what they write: by each, who has read it. */
  readonly abandoned = new Map<string, readonly string[]>();
  readonly #memory: SharedMemory;
  readonly #jobs: readonly TaskJob[];
  readonly #rules: OwnStopRules;

  constructor(memory: SharedMemory, jobs: readonly TaskJob[], rules: OwnStopRules) {
    this.#memory = memory;
    this.#jobs = jobs;
    this.#rules = rules;
  }

  /** Tells the tasks that read nothing: the others will see the ends of their streams. */
  drain(): void {
    for (const job of this.#jobs) {
      const reads = bindingsOf(job).some(({ kind }) => kind === "reader");
      if (!reads && this.#rules.isRunning(job.task)) this.#tell(job, OWN_STOP.drained);
    }
  }

  /** Tells the tasks of which all streams that they still write have lost all their readers. */
  checkAbandoned(): void {
    for (const job of this.#jobs) {
      const { task } = job;
      if (this.abandoned.has(task) || !this.#rules.isRunning(task) || !this.#rules.endsAbandoned(task)) continue;
      const open = ringsOf(job).filter((ring) => !isRingClosed(this.#memory, ring));
      if (open.length === 0 || !open.every((ring) => isRingAbandoned(this.#memory, ring))) continue;
      this.abandoned.set(task, this.#readersOf(open));
      this.#tell(job, OWN_STOP.abandoned);
    }
  }

  #readersOf(rings: readonly RingDescription[]): string[] {
    const readers = (job: TaskJob) =>
      bindingsOf(job).filter((binding) => binding.kind === "reader" && rings.includes(binding.ring)).length;
    const tasks = this.#jobs.filter((job) => readers(job) > 0);
    const inTasks = tasks.reduce((sum, job) => sum + readers(job), 0);
    const inAll = rings.reduce((sum, ring) => sum + ring.readers, 0);
    return [...tasks.map(({ task }) => task), ...inTasks < inAll ? [PROGRAM] : []];
  }

  #tell(job: TaskJob, kind: OwnStopKind): void {
    tellTask(this.#memory, job.stopWord, kind);
    this.#memory.wakeSleepers();
    const all = [...bindingsOf(job), ...job.activation ? [job.activation.gate] : []];
    for (const address of [...all.flatMap(waitersOf), job.doorbell]) wakeWaiters(this.#memory.words, address);
    this.#rules.told(job.task);
  }
}

function bindingsOf(job: TaskJob): BindingDescription[] {
  return Object.values(job.bindings);
}

function ringsOf(job: TaskJob): RingDescription[] {
  return bindingsOf(job).flatMap((binding) => binding.kind === "writer" ? [binding.ring] : []);
}

function waitersOf(binding: BindingDescription): number[] {
  return binding.kind === "event" ? [eventWaiters(binding.event)] : ringWaiters(binding.ring);
}
