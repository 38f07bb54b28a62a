/** Pools: several kernels of one definition that take from one input, whichever has nothing to do. */

import { checkOptions } from "../rules.ts";
import type { TerminateOptions } from "./kernel_context.ts";
import { DEACTIVATE_RULES, type DeactivateOptions, TERMINATE_RULES } from "./kernel_handle.ts";
import type { Message, MessageEnvelope } from "./message.ts";
import type { Pool } from "./supervision/pool.ts";
import type { AnyRingKernel } from "./ring_kernel.ts";
import type { KernelTelemetry } from "./telemetry.ts";
import type { PostOffice } from "./thread/post_office.ts";
import type { WaitOptions } from "../ring/waiting.ts";

/**
 * A pool that was launched, with the types of its messages. Each message is taken by the first member that asks for one, so a
 * slow message holds up nobody else. Other kernels reach the pool by its id.
 *
 * @example
 * ```ts
 * import { message, reply, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * const Number = message("Number").of<{ n: number }>();
 *
 * const square = ringKernel({ id: "square", module: import.meta, input: Number, output: Number }, async (ctx) => {
 *   for await (const number of ctx) await ctx.send(reply(number, Number({ n: number.n ** 2 })));
 * });
 *
 * if (import.meta.main) {
 *   await using runtime = new RingKernelRuntime();
 *   const pool = await runtime.launchPool("squares", square, { size: 2 });
 *   await pool.activate();
 *   const answers = await Promise.all([1, 2, 3].map((n) => pool.request(Number({ n }), { timeoutMs: 5000 })));
 *   deepEqual(answers.map(({ n }) => n), [1, 4, 9]);
 *   equal(pool.members.length, 2);
 *   await pool.terminate({ drain: true });
 * }
 * ```
 */
export class KernelPool<In extends MessageEnvelope = Message, Out extends MessageEnvelope = Message>
  implements AsyncDisposable {
  /** The id under which it was launched. */
  readonly id: string;
  readonly #pool: Pool;
  readonly #post: PostOffice;

  /** Runtimes make pools. */
  constructor(pool: Pool, post: PostOffice) {
    this.id = pool.id;
    this.#pool = pool;
    this.#post = post;
  }

  /** The ids of its kernels: `id/1` and so on. */
  get members(): readonly string[] {
    return this.#pool.members.map(({ id }) => id);
  }

  /** Its kernels that have not ended; all, if all have: the first of them says so. */
  get #living() {
    const { members, living } = this.#pool;
    return living.length > 0 ? living : members;
  }

  /**
   * What it was launched from.
   *
   * @internal
   */
  get definition(): AnyRingKernel {
    return this.#pool.members[0].kernel;
  }

  /** The figures of its kernels at this moment. Depth, drops and what was sent are those of the queues that they share. */
  get telemetry(): readonly KernelTelemetry[] {
    return this.#pool.members.map(({ telemetry }) => telemetry);
  }

  /** Resolves when all of its kernels have ended. It never rejects. */
  get ended(): Promise<void> {
    return this.#pool.ended;
  }

  /**
   * Lets its kernels process messages.
   *
   * @throws {KernelStateError} If they were activated before.
   */
  // deno-lint-ignore require-await
  async activate(): Promise<void> {
    for (const life of this.#living) life.change("activate");
  }

  /**
   * Lets its kernels finish the messages in hand, and take no others. Resolves when all are quiet.
   *
   * @throws {KernelStateError} If they are not active.
   * @throws {QueueTimeoutError} If one has a message in hand for `timeoutMs` more.
   */
  async deactivate(options: DeactivateOptions = {}): Promise<void> {
    checkOptions(`deactivate pool "${this.id}"`, options, DEACTIVATE_RULES);
    await Promise.all(this.#living.map((life) => life.deactivate(options.timeoutMs ?? Infinity)));
  }

  /**
   * Lets its kernels process messages again.
   *
   * @throws {KernelStateError} If they are not deactivated.
   */
  // deno-lint-ignore require-await
  async reactivate(): Promise<void> {
    for (const life of this.#living) life.change("reactivate");
  }

  /**
   * Tells its kernels to end, as {@link KernelHandle.terminate}.
   *
   * @throws {AggregateError} If some of them ignore that.
   */
  async terminate(options: TerminateOptions = {}): Promise<void> {
    checkOptions(`terminate pool "${this.id}"`, options, TERMINATE_RULES);
    await this.#pool.terminate(options);
  }

  /** Puts a message into its input. As {@link KernelPeers.send}. */
  send(message: In, options?: WaitOptions): Promise<void> {
    return this.#post.sendTo(this.#pool.peer, message, options);
  }

  /** Takes the next message from its output. As {@link KernelPeers.receive}. */
  async receive(options?: WaitOptions): Promise<Out> {
    return await this.#post.receiveFrom(this.#pool.peer, options) as unknown as Out;
  }

  /** Sends a message, and resolves to the answer. As {@link KernelPeers.request}. */
  async request(message: In, options?: WaitOptions): Promise<Out> {
    return await this.#post.requestOf(this.#pool.peer, message, options) as unknown as Out;
  }

  /** Terminates it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.terminate();
  }
}
