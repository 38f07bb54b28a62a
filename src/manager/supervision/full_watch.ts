/** Looks whether rings stay full while their writers wait for room: a bottleneck, or a reader that has stopped reading. */

import { now } from "../../ring/clock.ts";
import type { RingDescription } from "../../ring/description.ts";
import { hasRoom, isRingClosed, isWriterAnnounced, slowestReader } from "../../ring/ring_figures.ts";
import type { SharedMemory } from "../../ring/shared_memory.ts";
import { waitsForBinding } from "../../ring/task_record.ts";
import { formatDuration } from "../../units.ts";
import type { TaskJob } from "../task/task_protocol.ts";
import { Watch, type Watched } from "./watch.ts";

/** The rings that are looked at, and who hears of those that stay full. */
export interface FullWatchOptions {
  readonly memory: SharedMemory;
  readonly rings: readonly RingDescription[];
  readonly jobs: readonly TaskJob[];
  /** Milliseconds that a ring may stay full; `Infinity` for ever. */
  readonly longestMs: number;
  readonly warn: (warning: string) => void;
}

/** Who is reader `index` of a ring, in words. What no task reads is the program's. */
function readerName(jobs: readonly TaskJob[], ring: RingDescription, index: number): string {
  const task = jobs.find(({ bindings }) =>
    Object.values(bindings).some((binding) =>
      binding.kind === "reader" && binding.ring.address === ring.address && binding.index === index
    )
  )?.task;
  return task === undefined ? "the program itself" : `task "${task}"`;
}

/** Where the record of a task tells whether it waits for room in a ring. */
interface WritingTask {
  readonly record: number;
  /** The index of its binding. */
  readonly index: number;
}

/** The tasks that write rings, by the rings' addresses. */
function writingTasks(jobs: readonly TaskJob[]): ReadonlyMap<number, WritingTask> {
  const writing = new Map<number, WritingTask>();
  for (const { bindings, record } of jobs) {
    for (const [index, binding] of Object.values(bindings).entries()) {
      if (binding.kind === "writer") writing.set(binding.ring.address, { record, index });
    }
  }
  return writing;
}

/** A ring that is looked at. */
class WatchedRing implements Watched {
  readonly #options: FullWatchOptions;
  readonly #ring: RingDescription;
  readonly #task: WritingTask | undefined;
  #fullSince: number | undefined;

  constructor(options: FullWatchOptions, ring: RingDescription, task: WritingTask | undefined) {
    this.#options = options;
    this.#ring = ring;
    this.#task = task;
  }

  /** The warning that is due, or `null`. */
  look(): string | null {
    const { memory, longestMs } = this.#options;
    const isWaiting = !isRingClosed(memory, this.#ring) && this.#isWriterWaiting;
    if (!isWaiting && hasRoom(memory, this.#ring)) {
      this.#fullSince = undefined;
      return null;
    }
    this.#fullSince ??= now();
    const fullMs = now() - this.#fullSince;
    return isWaiting && fullMs >= longestMs ? this.#warning(fullMs) : null;
  }

  /** A task that only spins announces itself to nobody, but tells it in its record. */
  get #isWriterWaiting(): boolean {
    const { memory } = this.#options;
    if (isWriterAnnounced(memory, this.#ring)) return true;
    return this.#task !== undefined && waitsForBinding(memory, this.#task.record, this.#task.index);
  }

  #warning(fullMs: number): string | null {
    const { memory, jobs } = this.#options;
    const { frame, name } = this.#ring;
    const slowest = slowestReader(memory, this.#ring);
    if (slowest === null) return null;
    const kind = frame ? "stream" : "ring";
    const reader = readerName(jobs, this.#ring, slowest);
    return `${kind} "${name}" has been full for ${formatDuration(fullMs)} while its writer waits: ` +
      `its slowest reader is ${reader} (the option fullWarningMs sets this time, Infinity turns it off)`;
  }
}

/** Warns of each ring that stays full, once, until it is disposed. */
export function watchFullRings(options: FullWatchOptions): Watch<WatchedRing> {
  const { rings, jobs, longestMs, warn } = options;
  const writing = writingTasks(jobs);
  const watched = rings.map((ring) => new WatchedRing(options, ring, writing.get(ring.address)));
  return new Watch(watched, longestMs, (_, warning) => warn(warning));
}
