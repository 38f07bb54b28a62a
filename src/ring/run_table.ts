/**
 * Runs of a stream that crosses machines: from which run of the writing program its frames come, and by what numbers; and what
 * its readers have committed.
 *
 * | at           | bytes | what                                                                           |
 * | ------------ | ----- | ------------------------------------------------------------------------------ |
 * | 0            | 4     | how many runs have begun                                                       |
 * | 4            | 4     | 1 if a task begins them that carries all of the frames                         |
 * | 8 + 24 * run | 24    | f64: its first frame in the ring, its epoch, the number of that frame          |
 * | behind those | 8     | f64, for each reader: how many frames of the ring it has committed, or Infinity |
 *
 * Behind those of the readers is one more number: how many frames of the ring are stored where other machines have them.
 * One task begins runs, each reader's thread commits for itself. The count is stored after the run that it counts, and the frame
 * that the run begins with is published after that.
 */

import type { RingDescription } from "./description.ts";
import type { SharedMemory } from "./shared_memory.ts";

/** Runs that are remembered: as many as can have frames in a ring at once, unless nearly all of them were empty. */
const RUNS = 64;
const FIRST_RUN = 8;
const RUN_BYTES = 24;
const COMMITS = FIRST_RUN + RUNS * RUN_BYTES;
const BYTES = 8;

/** Bytes of the table of a ring with so many readers. */
export function runTableBytes(readers: number): number {
  return COMMITS + (readers + 1) * BYTES;
}

/** A run, of which a frame is. */
export interface Run {
  /** Which run of the writing program: later ones have larger numbers. */
  readonly epoch: number;
  /** The number of the frame, as the writing program counts. */
  readonly number: number;
}

/** The table of a ring, if it has one. */
export function runTableOf(memory: SharedMemory, { runs, readers }: RingDescription): RunTable | undefined {
  return runs === undefined ? undefined : new RunTable(memory, runs, readers);
}

/** The table of one ring. */
export class RunTable {
  readonly #memory: SharedMemory;
  readonly #address: number;
  readonly #readers: number;

  constructor(memory: SharedMemory, address: number, readers: number) {
    this.#memory = memory;
    this.#address = address;
    this.#readers = readers;
  }

  /** Makes room for commits of all readers but those that want the newest frame only. */
  initialize(latest: ReadonlySet<number>, isBegunByOthers: boolean): void {
    this.#memory.words[this.#address / 4 + 1] = isBegunByOthers ? 1 : 0;
    for (let reader = 0; reader < this.#readers; reader++) {
      this.#memory.doubles[this.#commitAt(reader)] = latest.has(reader) ? Infinity : 0;
    }
  }

  /** Whether those who carry only the newest frames need not begin runs. */
  get isBegunByOthers(): boolean {
    return this.#memory.words[this.#address / 4 + 1] === 1;
  }

  get #count(): number {
    return Atomics.load(this.#memory.words, this.#address / 4);
  }

  #runAt(run: number): number {
    return (this.#address + FIRST_RUN + (run % RUNS) * RUN_BYTES) / BYTES;
  }

  #commitAt(reader: number): number {
    return (this.#address + COMMITS) / BYTES + reader;
  }

  /** From frame `index` of the ring on, frames are of another run, and counted from `number`. */
  begin(index: number, { epoch, number }: Run): void {
    const count = this.#count;
    this.#memory.doubles.set([index, epoch, number], this.#runAt(count));
    Atomics.store(this.#memory.words, this.#address / 4, count + 1);
  }

  /** Where frame `index` of the ring comes from; `null` while no run has begun. */
  find(index: number): Run | null {
    const { doubles } = this.#memory;
    const count = this.#count;
    for (let run = count - 1; run >= Math.max(0, count - RUNS); run--) {
      const at = this.#runAt(run);
      if (doubles[at] <= index) return { epoch: doubles[at + 1], number: doubles[at + 2] + index - doubles[at] };
    }
    return null;
  }

  /** A reader is done with so many frames of the ring. */
  commit(reader: number, frames: number): void {
    const at = this.#commitAt(reader);
    this.#memory.doubles[at] = Math.max(this.#memory.doubles[at], frames);
  }

  /** Frames of the ring that are stored where other machines have them. */
  get stored(): number {
    return this.#memory.doubles[this.#commitAt(this.#readers)];
  }

  /** So many are stored. */
  set stored(frames: number) {
    this.#memory.doubles[this.#commitAt(this.#readers)] = frames;
  }

  /** Frames of the ring that all readers have committed. */
  get committed(): number {
    const from = this.#commitAt(0);
    return this.#memory.doubles.subarray(from, from + this.#readers).reduce(
      (least, one) => Math.min(least, one),
      Infinity,
    );
  }
}
