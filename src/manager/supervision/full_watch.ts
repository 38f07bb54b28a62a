/** Looks whether rings stay full while their writers wait for room: a bottleneck, or a reader that has stopped reading. */

import { now } from "../../ring/clock.ts";
import type { RingDescription } from "../../ring/description.ts";
import { hasRoom, isWriterWaiting, slowestReader } from "../../ring/ring_figures.ts";
import type { SharedMemory } from "../../ring/shared_memory.ts";
import { formatDuration } from "../../units.ts";
import type { TaskJob } from "../task/task_protocol.ts";
import { Watch, type Watched } from "./watch.ts";

/** The rings that are looked at, and who hears of those that stay full. */
export interface FullWatchOptions {
  readonly memory: SharedMemory;
  readonly rings: readonly RingDescription[];
  /** Milliseconds that a ring may stay full; `Infinity` for ever. */
  readonly longestMs: number;
  /** Who is reader `index` of a ring, in words. */
  readonly readerOf: (ring: RingDescription, index: number) => string;
  readonly warn: (warning: string) => void;
}

/** Who is reader `index` of a ring, in words. What no task reads is the program's. */
export function readerName(jobs: readonly TaskJob[], ring: RingDescription, index: number): string {
  const task = jobs.find(({ bindings }) =>
    Object.values(bindings).some((binding) =>
      binding.kind === "reader" && binding.ring.address === ring.address && binding.index === index
    )
  )?.task;
  return task === undefined ? "the program itself" : `task "${task}"`;
}

/** A ring that is looked at. */
class WatchedRing implements Watched {
  readonly #options: FullWatchOptions;
  readonly #ring: RingDescription;
  #fullSince: number | undefined;

  constructor(options: FullWatchOptions, ring: RingDescription) {
    this.#options = options;
    this.#ring = ring;
  }

  /** The warning that is due, or `null`. */
  look(): string | null {
    const { memory, longestMs } = this.#options;
    const isWaiting = isWriterWaiting(memory, this.#ring);
    if (!isWaiting && hasRoom(memory, this.#ring)) {
      this.#fullSince = undefined;
      return null;
    }
    this.#fullSince ??= now();
    const fullMs = now() - this.#fullSince;
    return isWaiting && fullMs >= longestMs ? this.#warning(fullMs) : null;
  }

  #warning(fullMs: number): string | null {
    const { memory, readerOf } = this.#options;
    const { frame, name } = this.#ring;
    const slowest = slowestReader(memory, this.#ring);
    if (slowest === null) return null;
    const kind = frame ? "stream" : "ring";
    const reader = readerOf(this.#ring, slowest);
    return `${kind} "${name}" has been full for ${formatDuration(fullMs)} while its writer waits: ` +
      `its slowest reader is ${reader} (the option fullWarningMs sets this time, Infinity turns it off)`;
  }
}

/** Warns of each ring that stays full, once, until it is disposed. */
export function watchFullRings(options: FullWatchOptions): Watch<WatchedRing> {
  const { rings, longestMs, warn } = options;
  return new Watch(rings.map((ring) => new WatchedRing(options, ring)), longestMs, (_, warning) => warn(warning));
}
