/** Messages that kernels have tried in vain. */

import { QueueTimeoutError } from "./errors.ts";
import type { KernelError } from "./errors.ts";
import type { Message } from "./message.ts";
import { untilAborted } from "../worker/until_aborted.ts";
import { within } from "../ring/within.ts";
import type { WaitOptions } from "../ring/waiting.ts";
import { eitherSignal, waitOf } from "./wait_options.ts";

/** A message that a kernel with `ack` could not process. */
export interface DeadLetter {
  /** The kernel's id. */
  readonly kernel: string;
  /** The message; `null` if this thread does not know its type. */
  // deno-lint-ignore no-explicit-any
  readonly message: Message<any> | null;
  /** How often it was tried. */
  readonly attempts: number;
  /** What has become of the last attempt; `null` if the kernel was terminated. */
  readonly error: KernelError | null;
}

/** Letters that are kept. After that, the oldest make room. */
const MOST = 4096;

/**
 * The dead letters of a runtime, the oldest first: at most 4096 are kept.
 *
 * @example
 * ```ts
 * import { RingKernelRuntime } from "@ringmill/ringmill/actors";
 * import { equal } from "node:assert/strict";
 *
 * await using runtime = new RingKernelRuntime();
 * equal(runtime.deadLetters.take(), null);
 * equal(runtime.deadLetters.size, 0);
 * ```
 */
export class DeadLetters {
  readonly #letters: DeadLetter[] = [];
  readonly #ended: AbortSignal;
  #news = Promise.withResolvers<void>();
  #total = 0;

  /** Those of a runtime, which has ended when the signal aborts. */
  constructor(ended: AbortSignal) {
    this.#ended = ended;
  }

  /** How many are kept. */
  get size(): number {
    return this.#letters.length;
  }

  /** How many there were, those taken and those that made room included. */
  get total(): number {
    return this.#total;
  }

  /** Adds one. Runtimes do. */
  add(letter: DeadLetter): void {
    this.#total++;
    this.#letters.push(letter);
    if (this.#letters.length > MOST) this.#letters.shift();
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  /** Takes the oldest; `null` if there is none. */
  take(): DeadLetter | null {
    return this.#letters.shift() ?? null;
  }

  /**
   * Takes the oldest, once there is one.
   *
   * @throws {QueueTimeoutError} If there is none for `timeoutMs`.
   * @throws {StoppedError} If there is none, and the runtime is shut down.
   */
  async receive(options?: WaitOptions): Promise<DeadLetter> {
    const { timeoutMs, signal } = waitOf("receive a dead letter", options);
    const either = eitherSignal(this.#ended, signal);
    const until = performance.now() + timeoutMs;
    for (;;) {
      const letter = this.take();
      if (letter) return letter;
      const left = until - performance.now();
      if (left <= 0 || !await untilAborted(within(this.#news.promise, left), either)) {
        const late = this.take();
        if (late) return late;
        throw new QueueTimeoutError(`Cannot receive a dead letter: there was none for ${timeoutMs} ms`);
      }
    }
  }
}
