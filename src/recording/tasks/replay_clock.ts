/** The clock that all replayed streams of a pipeline share: words in shared memory. */

import { now } from "../../ring/clock.ts";
import type { RecordedSpan } from "../format/stored_frames.ts";

/** When the replay began, in microseconds of the program's clock; 0 before. */
const BEGUN = 0;
/** When the first frame of all streams was taken, in nanoseconds since 1970. */
const FIRST = 1;
/** How long one round takes, in nanoseconds, for replays that begin again. */
const ROUND = 2;
const WORDS = 3;
const MICROSECONDS = 1000;
/** No frame yet. */
const NOTHING = 2n ** 63n - 1n;

const smaller = (a: bigint, b: bigint) => a < b ? a : b;

/** Words for a clock. */
export function makeReplayClock(): SharedArrayBuffer {
  const words = new BigInt64Array(new SharedArrayBuffer(WORDS * 8));
  words[FIRST] = NOTHING;
  return words.buffer;
}

/** One stream's view of the clock. */
export class ReplayClock {
  readonly #words: BigInt64Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new BigInt64Array(memory);
  }

  /** Makes the clock begin no later than with these frames, and a round last as long as they do. */
  include({ first, last }: RecordedSpan): void {
    const frames = BigInt(last.frame - first.frame);
    // One more interval lies between the last frame and the first one of the next round.
    const interval = frames > 0n ? (last.time - first.time) / frames : 0n;
    const known = this.#words[FIRST] === NOTHING ? 0n : this.#words[FIRST] + this.#words[ROUND];
    const begun = smaller(this.#words[FIRST], first.time);
    this.#words[FIRST] = begun;
    this.#words[ROUND] = -smaller(-known, -(last.time + interval)) - begun;
  }

  /** When a frame is due in round `round`, by the program's clock in milliseconds. The first call starts the clock. */
  dueAt(time: bigint, round: number, speed: number): number {
    const begun = Number(this.#begin()) / MICROSECONDS;
    return begun + Number(time - this.#words[FIRST] + BigInt(round) * this.#words[ROUND]) / 1e6 / speed;
  }

  #begin(): bigint {
    const found = Atomics.load(this.#words, BEGUN);
    if (found !== 0n) return found;
    const begun = BigInt(Math.round(now() * MICROSECONDS)) || 1n;
    return Atomics.compareExchange(this.#words, BEGUN, 0n, begun) || begun;
  }
}
