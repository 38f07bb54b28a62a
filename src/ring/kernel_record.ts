/**
 * What an actor's worker and the thread that runs it tell each other through their shared memory, and what the worker
 * tells of its messages, so that others know it while its thread is busy or blocked.
 */

import type { SharedMemory } from "./shared_memory.ts";

// Bytes from the start of the record. The two parts are written by different threads.

/**
 * u32: the state, as its index, below a count that goes on with it and with each stop: whoever waits for either waits on this
 * word. Written by the thread that runs the kernel.
 */
const STATE = 0;
/** u32: workers up to this one must stop; they are counted from 1. Written by the same. */
const STOPPED_UP_TO = 4;
// The rest is written by the worker.

/** u32: the state's word as the worker has last seen it while it held no message and looked for none. */
const QUIET_AT = 8;
/** f64: messages that it has processed: it has asked for the next one. */
const FINISHED = 16;
/** f64: requests that it has left out, as nobody waited for their answers any more. */
const EXPIRED = 24;
/** f64: answers for which nobody waited. */
const LATE_ANSWERS = 32;
/** f64: 1 + the id of the mailbox of the kernel whose answer it waits for, 0 if it waits for none; and since when. */
const ANSWER_OF = 40;
const ANSWER_SINCE = 48;
/** f64: 1 + the id of the mailbox of the kernel in whose queue it waits for room, 0 if it waits for none; and since when. */
const ROOM_OF = 56;
const ROOM_SINCE = 64;
/** f64: of those that it has processed, the messages that it has failed on. */
const FAILED = 72;
const SPANS = 128;

/** What a kernel's worker waits for: of whom, by the id of a mailbox, and since when by the program's clock. */
export interface WaitFigures {
  readonly mailbox: number;
  readonly since: number;
}

// A record of spans of time, from its start. The first four are f64, and all but the count in milliseconds. The others are
// u32: how often it was begun anew, written by whoever wants that; how often the worker has done so; and the buckets.

const [COUNT, SUM, LEAST, MOST, RESETS, SEEN_RESETS, BUCKETS] = [0, 8, 16, 24, 32, 36, 40];
/** Buckets of an octave. A span is known to one part in so many. */
const PARTS = 16;
const PART_BITS = Math.log2(PARTS);
/** The unit of the buckets, 62.5 ns, per millisecond. Shorter spans are not told apart. */
const UNITS_PER_MS = 16_000;
/** In units: 134 s. Longer spans count as that in the buckets. */
const MOST_UNITS = 2 ** 31 - 1;
const BUCKET_COUNT = (31 - PART_BITS + 1) * PARTS;
const SPANS_BYTES = BUCKETS + BUCKET_COUNT * 4;

/** Bytes of the record of a kernel whose times nobody wants to know. */
export const BARE_KERNEL_BYTES: number = SPANS;
/** Bytes of a kernel's record. */
export const KERNEL_BYTES: number = SPANS + 2 * SPANS_BYTES;

/** Bits of the state. The others count. */
const STATE_BITS = 8;
const STATE_MASK = 2 ** STATE_BITS - 1;

/** A wait for a worker that is quiet looks again after so long: the state may have changed meanwhile. */
const QUIET_SLICE_MS = 50;

/** Every worker must stop. */
const ALL = 2 ** 31 - 1;

/** Some spans of time, in milliseconds. */
export interface SpanFigures {
  /** How many. */
  readonly count: number;
  /** The shortest; 0 if there is none. */
  readonly min: number;
  /** The mean; 0 if there is none. */
  readonly mean: number;
  /** The longest; 0 if there is none. */
  readonly max: number;
  /** Half of them were no longer, to one part in 16; 0 if there is none. */
  readonly p50: number;
  /** 99 % of them were no longer, to one part in 16; 0 if there is none. */
  readonly p99: number;
}

const NONE: SpanFigures = { count: 0, min: 0, mean: 0, max: 0, p50: 0, p99: 0 };

/** The bucket of a span: as many units, for few of them, and otherwise the leading bits of their number. */
function bucketOf(units: number): number {
  if (units < PARTS) return units;
  const exponent = 31 - Math.clz32(units);
  return (exponent - PART_BITS + 1) * PARTS + ((units >>> (exponent - PART_BITS)) & (PARTS - 1));
}

/** The middle of a bucket, in units. */
function middleOf(bucket: number): number {
  if (bucket < PARTS) return bucket + 0.5;
  const exponent = Math.floor(bucket / PARTS) - 1;
  return (PARTS + bucket % PARTS + 0.5) * 2 ** exponent;
}

/** A record of spans of time. One thread notes them, any may look. */
class SpanRecord {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #doubles: Float64Array<SharedArrayBuffer>;
  readonly #figures: number;
  readonly #resets: number;
  readonly #seenResets: number;
  readonly #buckets: number;

  constructor({ words, doubles }: SharedMemory, address: number) {
    this.#words = words;
    this.#doubles = doubles;
    this.#figures = address / 8;
    this.#resets = (address + RESETS) / 4;
    this.#seenResets = (address + SEEN_RESETS) / 4;
    this.#buckets = (address + BUCKETS) / 4;
  }

  /** Begins anew: the thread that notes does so with its next span, and until then there are no figures. */
  reset(): void {
    Atomics.add(this.#words, this.#resets, 1);
  }

  get #isStale(): boolean {
    return Atomics.load(this.#words, this.#resets) !== Atomics.load(this.#words, this.#seenResets);
  }

  #clear(): void {
    const resets = Atomics.load(this.#words, this.#resets);
    this.#doubles.fill(0, this.#figures, this.#figures + RESETS / 8);
    this.#words.fill(0, this.#buckets, this.#buckets + BUCKET_COUNT);
    Atomics.store(this.#words, this.#seenResets, resets);
  }

  /** Notes a span. Plain stores: who reads them takes them for samples. */
  note(ms: number): void {
    if (this.#isStale) this.#clear();
    const doubles = this.#doubles;
    const at = this.#figures;
    const span = Math.max(ms, 0);
    const isFirst = doubles[at + COUNT / 8]++ === 0;
    doubles[at + SUM / 8] += span;
    if (isFirst || span < doubles[at + LEAST / 8]) doubles[at + LEAST / 8] = span;
    if (span > doubles[at + MOST / 8]) doubles[at + MOST / 8] = span;
    this.#words[this.#buckets + bucketOf(Math.min(span * UNITS_PER_MS, MOST_UNITS) >>> 0)]++;
  }

  /** What was noted so far. */
  get figures(): SpanFigures {
    if (this.#isStale) return NONE;
    const doubles = this.#doubles;
    const at = this.#figures;
    const count = doubles[at + COUNT / 8];
    const min = doubles[at + LEAST / 8];
    const max = doubles[at + MOST / 8];
    const quantile = (share: number) => count === 0 ? 0 : Math.min(Math.max(this.#quantile(share), min), max);
    return { count, min, mean: doubles[at + SUM / 8] / (count || 1), max, p50: quantile(0.5), p99: quantile(0.99) };
  }

  #quantile(share: number): number {
    const counts = this.#words.subarray(this.#buckets, this.#buckets + BUCKET_COUNT);
    let left = share * counts.reduce((sum, count) => sum + count, 0);
    const bucket = counts.findIndex((count) => (left -= count) <= 0);
    return middleOf(bucket) / UNITS_PER_MS;
  }
}

/** A kernel's record. */
export class KernelRecord {
  readonly #memory: SharedMemory;
  readonly #address: number;
  #latency: SpanRecord | undefined;
  #processing: SpanRecord | undefined;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #doubles: Float64Array<SharedArrayBuffer>;
  readonly #start: number;
  readonly #state: number;
  readonly #stopped: number;
  readonly #quietAt: number;

  constructor(memory: SharedMemory, address: number) {
    this.#memory = memory;
    this.#address = address;
    this.#words = memory.words;
    this.#doubles = memory.doubles;
    this.#start = address / 8;
    this.#quietAt = (address + QUIET_AT) / 4;
    this.#state = (address + STATE) / 4;
    this.#stopped = (address + STOPPED_UP_TO) / 4;
  }

  /** From the sending of a message until the kernel takes it. Not in a bare record, as the next one is not. */
  get latency(): SpanRecord {
    return this.#latency ??= new SpanRecord(this.#memory, this.#address + SPANS);
  }

  /** From taking a message until asking for the next. */
  get processing(): SpanRecord {
    return this.#processing ??= new SpanRecord(this.#memory, this.#address + SPANS + SPANS_BYTES);
  }

  /** The state, as its index. */
  get state(): number {
    return this.#changes & STATE_MASK;
  }

  set state(state: number) {
    this.#change(state);
  }

  /** The word of the state, with its count. */
  get #changes(): number {
    return Atomics.load(this.#words, this.#state);
  }

  /** Whether the worker of that number, from 1, must stop. */
  mustStop(worker: number): boolean {
    return Atomics.load(this.#words, this.#stopped) >= worker;
  }

  /** Tells workers up to that number to stop, all that there will ever be by default. */
  stop(worker = ALL): void {
    // Ordering STOP: this before the change, on which whoever looks at it waits.
    Atomics.store(this.#words, this.#stopped, worker);
    Atomics.notify(this.#words, this.#stopped);
    this.#change(this.state);
  }

  #change(state: number): void {
    Atomics.store(this.#words, this.#state, ((this.#changes >>> STATE_BITS) + 1) << STATE_BITS | state);
    Atomics.notify(this.#words, this.#state);
  }

  /** Resolves once the worker of that number must stop. Does not keep the program from exiting. */
  async whenStopped(worker: number): Promise<void> {
    for (;;) {
      const stopped = Atomics.load(this.#words, this.#stopped);
      if (stopped >= worker) return;
      const { async, value } = Atomics.waitAsync(this.#words, this.#stopped, stopped);
      if (async) await value;
    }
  }

  /**
   * Resolves when the state is one of `states`, the worker of that number must stop, or `timeoutMs` went by. The worker holds
   * no message: each other state is noted as seen.
   */
  async whenStateIs(states: readonly number[], worker: number, timeoutMs: number): Promise<void> {
    const until = performance.now() + timeoutMs;
    for (let left = timeoutMs; left > 0; left = until - performance.now()) {
      // Ordering STOP: the count before both looks. A change after that is not slept through.
      const changes = this.#changes;
      if (states.includes(changes & STATE_MASK) || this.mustStop(worker)) return;
      this.#noteQuietAt(changes);
      const { async, value } = Atomics.waitAsync(this.#words, this.#state, changes, left);
      if (async) await value;
    }
  }

  /** The worker holds no message, and has seen the state as it is now. It is told to whoever waits for that. */
  noteQuiet(): void {
    this.#noteQuietAt(this.#changes);
  }

  #noteQuietAt(changes: number): void {
    Atomics.store(this.#words, this.#quietAt, changes);
    Atomics.notify(this.#words, this.#quietAt);
  }

  /** Whether the worker has seen the state as it is now, and held no message then. */
  get isQuiet(): boolean {
    return Atomics.load(this.#words, this.#quietAt) === this.#changes;
  }

  /** Resolves when the worker is quiet, the state is not what it was, or `timeoutMs` went by. */
  async whenQuiet(timeoutMs: number): Promise<void> {
    const until = performance.now() + timeoutMs;
    const changes = this.#changes;
    for (let left = timeoutMs; left > 0; left = until - performance.now()) {
      const seen = Atomics.load(this.#words, this.#quietAt);
      if (seen === changes || this.#changes !== changes) return;
      const { async, value } = Atomics.waitAsync(this.#words, this.#quietAt, seen, Math.min(left, QUIET_SLICE_MS));
      if (async) await value;
    }
  }

  /** Messages that were processed. */
  get finished(): number {
    return this.#doubles[this.#start + FINISHED / 8];
  }

  /** Counts a message that was processed. Plain stores, as one thread counts. */
  countFinished(): void {
    this.#doubles[this.#start + FINISHED / 8]++;
  }

  /** Of these, messages that were processed without an error. */
  get succeeded(): number {
    return this.finished - this.#doubles[this.#start + FAILED / 8];
  }

  /** As {@link countFinished}, of a message that the kernel has failed on. */
  countFailed(): void {
    this.countFinished();
    this.#doubles[this.#start + FAILED / 8]++;
  }

  /** Requests that were left out. */
  get expired(): number {
    return this.#doubles[this.#start + EXPIRED / 8];
  }

  /** Counts a request that is left out. */
  countExpired(): void {
    this.#doubles[this.#start + EXPIRED / 8]++;
  }

  /** Answers for which nobody waited. */
  get lateAnswers(): number {
    return this.#doubles[this.#start + LATE_ANSWERS / 8];
  }

  /** Counts an answer for which nobody waited. */
  countLateAnswer(): void {
    this.#doubles[this.#start + LATE_ANSWERS / 8]++;
  }

  /** Whose answer the worker waits for; `null` if it waits for none. */
  get waitsForAnswer(): WaitFigures | null {
    return this.#wait(ANSWER_OF, ANSWER_SINCE);
  }

  set waitsForAnswer(wait: WaitFigures | null) {
    this.#noteWait(ANSWER_OF, ANSWER_SINCE, wait);
  }

  /** In whose queue it waits for room; `null` if it does not. */
  get waitsForRoom(): WaitFigures | null {
    return this.#wait(ROOM_OF, ROOM_SINCE);
  }

  set waitsForRoom(wait: WaitFigures | null) {
    this.#noteWait(ROOM_OF, ROOM_SINCE, wait);
  }

  #wait(of: number, since: number): WaitFigures | null {
    const mailbox = this.#doubles[this.#start + of / 8];
    return mailbox === 0 ? null : { mailbox: mailbox - 1, since: this.#doubles[this.#start + since / 8] };
  }

  #noteWait(of: number, since: number, wait: WaitFigures | null): void {
    if (wait) this.#doubles[this.#start + since / 8] = wait.since;
    this.#doubles[this.#start + of / 8] = wait ? wait.mailbox + 1 : 0;
  }
}
