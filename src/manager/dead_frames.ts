/** Frames that tasks have failed on for good, kept for whoever looks at them. */

import type { FrameOf, FrameType } from "../ring/dtypes.ts";
import { within } from "../ring/within.ts";
import * as rules from "../rules.ts";
import { formatDuration } from "../units.ts";

/** A frame that a task has failed on for good. */
export interface DeadFrame {
  /** The task. */
  readonly task: string;
  /** The stream. */
  readonly stream: string;
  /** The frame's number in the stream, from 0. */
  readonly frame: number;
  /** How often the task has failed on it. */
  readonly attempts: number;
  /** What it failed with the last time. */
  readonly error: unknown;
  /** A copy of the frame. */
  readonly data: FrameOf<FrameType, ArrayBuffer>;
}

/** How many dead letters a pipeline keeps, and what happens to more. */
export interface DeadFrameOptions {
  /**
   * Frames that are kept until somebody takes them, 1 or more.
   *
   * @default {1000}
   */
  most?: number;
  /**
   * Bytes of such frames that are kept, 1 or more. A single letter may have more.
   *
   * @default {67108864}
   */
  mostBytes?: number;
  /**
   * What happens when there are as many: `"block"`: the task that has failed goes on when there is room; `"reject"`: the new one is
   * dropped; `"dropOldest"`: the oldest one is. What is dropped is counted.
   *
   * @default {"block"}
   */
  backpressure?: "block" | "reject" | "dropOldest";
}

/** What each option of a pipeline's `deadLetters` must be. */
export const DEAD_FRAME_RULES: rules.Rules = {
  most: rules.integer(1),
  mostBytes: rules.integer(1),
  backpressure: rules.oneOf(["block", "reject", "dropOldest"]),
};

/** Who hears that a task has waited for room for long. */
export interface DeadFrameWatch {
  readonly longestMs: number;
  readonly warn: (warning: string) => void;
}

const NO_WATCH: DeadFrameWatch = { longestMs: Infinity, warn: () => {} };

function byteLength({ data }: DeadFrame): number {
  const arrays = ArrayBuffer.isView(data) ? [data] : Object.values(data) as ArrayBufferView[];
  return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** The dead letters of a pipeline. Each is taken once, by whoever asks for it first. */
export class DeadFrames implements AsyncIterable<DeadFrame> {
  readonly #options: Required<DeadFrameOptions>;
  readonly #watch: DeadFrameWatch;
  readonly #letters: DeadFrame[] = [];
  #bytes = 0;
  #dropped = 0;
  #hasWarned = false;
  #hasEnded = false;
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  /** Without any letters. */
  constructor(options: DeadFrameOptions = {}, watch: DeadFrameWatch = NO_WATCH) {
    const { most = 1000, mostBytes = 64 * 2 ** 20, backpressure = "block" } = options;
    this.#options = { most, mostBytes, backpressure };
    this.#watch = watch;
  }

  /** Letters that nobody has taken yet. */
  get size(): number {
    return this.#letters.length;
  }

  /** Letters that were dropped since there were too many. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Adds a letter, once there is room if that is wanted. False if `stopped` comes first. */
  async add(letter: DeadFrame, stopped: Promise<unknown>): Promise<boolean> {
    const bytes = byteLength(letter);
    const { backpressure } = this.#options;
    if (backpressure === "block" && !await this.#waitForRoom(letter, bytes, stopped)) return false;
    while (!this.#hasRoom(bytes)) {
      this.#dropped++;
      if (backpressure === "reject") return true;
      this.#take();
    }
    this.#letters.push(letter);
    this.#bytes += bytes;
    this.#change();
    return true;
  }

  #hasRoom(bytes: number): boolean {
    const { most, mostBytes } = this.#options;
    return this.size === 0 || this.size < most && this.#bytes + bytes <= mostBytes;
  }

  async #waitForRoom({ task }: DeadFrame, bytes: number, stopped: Promise<unknown>): Promise<boolean> {
    let isStopped = false;
    const stop = stopped.then(() => void (isStopped = true));
    const { longestMs } = this.#watch;
    while (!this.#hasRoom(bytes)) {
      const change = Promise.race([this.#changed.promise, stop]);
      if (!this.#hasWarned && !await within(change, longestMs)) this.#warn(task, longestMs);
      await change;
      if (isStopped) return false;
    }
    return true;
  }

  #warn(task: string, ms: number): void {
    this.#hasWarned = true;
    this.#watch.warn(
      `task "${task}" has waited for ${formatDuration(ms)} since the dead letters are full, ${this.size} of them, ` +
        "and nobody takes them: read pipe.deadLetters, or set the option deadLetters",
    );
  }

  #take(): DeadFrame | undefined {
    const letter = this.#letters.shift();
    if (letter) this.#bytes -= byteLength(letter);
    return letter;
  }

  /** All tasks have ended: those who wait for letters get what is left. */
  end(): void {
    this.#hasEnded = true;
    this.#change();
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** The letters as they come, until the pipeline has ended. */
  async *[Symbol.asyncIterator](): AsyncGenerator<DeadFrame, void> {
    for (;;) {
      const letter = this.#take();
      if (letter) {
        this.#change();
        yield letter;
      } else if (this.#hasEnded) {
        return;
      } else {
        await this.#changed.promise;
      }
    }
  }
}
