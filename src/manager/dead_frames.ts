/** Frames that tasks have failed on for good, kept for whoever looks at them. */

import type { FrameOf, FrameType } from "../ring/dtypes.ts";
import * as rules from "../rules.ts";

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
  backpressure: rules.oneOf(["block", "reject", "dropOldest"]),
};

/** The dead letters of a pipeline. Each is taken once, by whoever asks for it first. */
export class DeadFrames implements AsyncIterable<DeadFrame> {
  readonly #most: number;
  readonly #backpressure: "block" | "reject" | "dropOldest";
  readonly #letters: DeadFrame[] = [];
  #dropped = 0;
  #hasEnded = false;
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  /** Without any letters. */
  constructor({ most = 1000, backpressure = "block" }: DeadFrameOptions = {}) {
    this.#most = most;
    this.#backpressure = backpressure;
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
    let isStopped = false;
    const stop = stopped.then(() => void (isStopped = true));
    while (this.#letters.length >= this.#most && this.#backpressure === "block") {
      await Promise.race([this.#changed.promise, stop]);
      if (isStopped) return false;
    }
    this.#letters.push(letter);
    if (this.#letters.length > this.#most) {
      if (this.#backpressure === "reject") this.#letters.pop();
      else this.#letters.shift();
      this.#dropped++;
    }
    this.#change();
    return true;
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
      const letter = this.#letters.shift();
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
