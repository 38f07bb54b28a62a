/** Typed handles on kernels that were launched. */

import { StoppedError } from "../errors.ts";
import { boolean, checkOptions, duration, type Rules } from "../rules.ts";
import { type KernelError, KernelStateError } from "./errors.ts";
import type { TerminateOptions } from "./kernel_context.ts";
import type { WaitOptions } from "../ring/waiting.ts";
import type { KernelLife } from "./supervision/kernel_life.ts";
import type { KernelState } from "./kernel_state.ts";
import type { Message, MessageEnvelope } from "./message.ts";
import type { AnyRingKernel } from "./ring_kernel.ts";
import type { PostOffice } from "./thread/post_office.ts";
import type { KernelTelemetry } from "./telemetry.ts";

/**
 * A kernel that was launched, with the types of its messages. Its async iterator yields what the kernel sends until it has
 * terminated.
 *
 * @example
 * ```ts
 * import { message, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";
 * import { deepEqual } from "node:assert/strict";
 *
 * const Count = message<{ to: number }>("Count");
 * const Number = message<{ value: number }>("Number");
 *
 * const counter = ringKernel({ id: "counter", module: import.meta, input: Count, output: Number }, async (ctx) => {
 *   const { to } = await ctx.receive();
 *   for (let value = 1; value <= to; value++) await ctx.send(Number({ value }));
 * });
 *
 * if (import.meta.main) {
 *   await using runtime = new RingKernelRuntime();
 *   const kernel = await runtime.launch("counter", counter);
 *   await kernel.activate();
 *   await kernel.send(Count({ to: 3 }));
 *   const values: number[] = [];
 *   for await (const { value } of kernel) values.push(value);
 *   deepEqual(values, [1, 2, 3]);
 * }
 * ```
 */
export class KernelHandle<In extends MessageEnvelope = Message, Out extends MessageEnvelope = Message>
  implements AsyncIterable<Out>, AsyncDisposable {
  /** The id under which it was launched. */
  readonly id: string;
  readonly #life: KernelLife;
  readonly #post: PostOffice;

  /** Runtimes make handles. */
  constructor(life: KernelLife, post: PostOffice) {
    this.id = life.id;
    this.#life = life;
    this.#post = post;
  }

  /**
   * What it was launched from.
   *
   * @internal
   */
  get definition(): AnyRingKernel {
    return this.#life.kernel;
  }

  /** Where it is in its life. */
  get state(): KernelState {
    return this.#life.state;
  }

  /** Its figures at this moment. */
  get telemetry(): KernelTelemetry {
    return this.#life.telemetry;
  }

  /**
   * Lets it process messages.
   *
   * @throws {KernelStateError} If it is not launched, or was activated before.
   */
  activate(): Promise<void> {
    return change(this.#life, "activate");
  }

  /**
   * Lets it finish the message in hand, and take no other. Resolves when it is quiet: its function has asked for the next
   * message. It keeps its state and its queued messages.
   *
   * @throws {KernelStateError} If it is not active.
   * @throws {QueueTimeoutError} If it has a message in hand for `timeoutMs` more. It is deactivated in any case.
   */
  deactivate(options?: DeactivateOptions): Promise<void> {
    return deactivate(this.#life, options);
  }

  /** Resolves when it has ended: to what has ended it, or `null` if it has returned or was terminated. It never rejects. */
  get ended(): Promise<KernelError | null> {
    return this.#life.ended;
  }

  /**
   * Lets it process messages again.
   *
   * @throws {KernelStateError} If it is not deactivated.
   */
  reactivate(): Promise<void> {
    return change(this.#life, "reactivate");
  }

  /**
   * Tells it to end: what it waits for throws a `StoppedError`, and its iterator ends. Messages that it has not taken are
   * lost, unless `drain` has them processed first; what it has sent can still be received.
   *
   * @throws {KernelStateError} If it has ended by itself. To terminate it again changes nothing.
   * @throws {KernelError} If it ignores that for `timeoutMs`, by default the runtime's `graceMs`.
   */
  async terminate(options: TerminateOptions = {}): Promise<void> {
    checkOptions(`terminate kernel "${this.id}"`, options, TERMINATE_RULES);
    await this.#life.terminate(options);
  }

  /** Puts a message into its input. As {@link KernelPeers.send}. */
  send(message: In, options?: WaitOptions): Promise<void> {
    return this.#post.sendTo(this.#life.peer, message, options);
  }

  /** Takes the next message from its output. As {@link KernelPeers.receive}. */
  async receive(options?: WaitOptions): Promise<Out> {
    return await this.#post.receiveFrom(this.#life.peer, options) as unknown as Out;
  }

  /** Sends a message, and resolves to the answer. As {@link KernelPeers.request}. */
  async request(message: In, options?: WaitOptions): Promise<Out> {
    return await this.#post.requestOf(this.#life.peer, message, options) as unknown as Out;
  }

  /** What it sends, until it has terminated and nothing is left. */
  async *[Symbol.asyncIterator](): AsyncIterator<Out> {
    for (;;) {
      try {
        yield await this.receive();
      } catch (error) {
        if (this.state === "terminated" && (error instanceof KernelStateError || error instanceof StoppedError)) return;
        throw error;
      }
    }
  }

  /** Terminates it, unless it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.state !== "terminated") await this.terminate();
  }
}

/** Changes a kernel's state. A promise, as it may not always be possible at once. */
// deno-lint-ignore require-await
export async function change(life: KernelLife, action: "activate" | "reactivate"): Promise<void> {
  life.change(action);
}

/** Options of `deactivate()`. */
export interface DeactivateOptions {
  /**
   * How long to wait until the kernel is quiet, in milliseconds.
   *
   * @default {Infinity}
   */
  timeoutMs?: number;
}

/** The rules of {@link DeactivateOptions}. */
export const DEACTIVATE_RULES = { timeoutMs: duration } satisfies Rules;
/** The rules of `TerminateOptions`. */
export const TERMINATE_RULES = { timeoutMs: duration, drain: boolean } satisfies Rules;

/** Deactivates a kernel. */
export async function deactivate(life: KernelLife, options: DeactivateOptions = {}): Promise<void> {
  checkOptions(`deactivate kernel "${life.id}"`, options, DEACTIVATE_RULES);
  await life.deactivate(options.timeoutMs ?? Infinity);
}
