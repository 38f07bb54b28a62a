/** A context for unit tests of a kernel's function. */

import { StoppedError } from "../errors.ts";
import { anything, checkOptions, instanceOf, name, type Rules } from "../rules.ts";
import { QueueTimeoutError } from "./errors.ts";
import type { KernelContext, KernelRuntime } from "./kernel_context.ts";
import type { AnyMessageType, MessageEnvelope, MessageOf, SendableOf } from "./message.ts";
import type { RingKernel } from "./ring_kernel.ts";
import type { WaitOptions } from "../ring/waiting.ts";
import { waitOf } from "./wait_options.ts";

/** Options of {@link testContext}. */
export interface TestContextOptions<Params = unknown> {
  /**
   * The constants that the function gets.
   *
   * @default {those of the kernel's definition}
   */
  params?: Params;
  /**
   * The id that it is told.
   *
   * @default {that of the kernel's definition}
   */
  kernelId?: string;
  /** What stands for the runtime: the calls that the function makes. */
  runtime?: Partial<KernelRuntime>;
  /** Aborts when the kernel is to terminate before it has received everything. */
  signal?: AbortSignal;
}

/** The rules of {@link TestContextOptions}. */
const TEST_CONTEXT_RULES = {
  params: anything,
  kernelId: name,
  runtime: anything,
  signal: instanceOf(AbortSignal, "an AbortSignal"),
} satisfies Rules;

/** A message that the function has handed on. */
export interface ForwardedMessage {
  /** The id of the kernel that it was for. */
  readonly kernel: string;
  /** The message. */
  readonly message: MessageEnvelope;
}

/** A context for a test. */
export interface TestContext<In, Out extends object, Params> extends KernelContext<In, Out, Params> {
  /** What the function has sent, in its order. */
  readonly sent: readonly Out[];
  /** What it has handed on. */
  readonly forwarded: readonly ForwardedMessage[];
}

/**
 * A context that gives a kernel's function some messages without a worker, and keeps what it sends. When all are received, the
 * kernel is to terminate. `ctx.sleep()` takes no time.
 *
 * @throws {TypeError} If an option is of the wrong kind, or unknown.
 *
 * @example
 * ```ts
 * import { message, ringKernel, testContext } from "@ringmill/ringmill/actors";
 * import { deepEqual } from "node:assert/strict";
 *
 * const Text = message("Text").of<{ text: string }>();
 * const shout = ringKernel({ id: "shout", module: import.meta, input: Text, output: Text }, async (ctx) => {
 *   for await (const { text } of ctx) await ctx.send(Text({ text: text.toUpperCase() }));
 * });
 *
 * const ctx = testContext(shout, [Text({ text: "hello" })]);
 * await shout.fn(ctx);
 * deepEqual(ctx.sent.map(({ text }) => text), ["HELLO"]);
 * ```
 */
export function testContext<In extends AnyMessageType, Out extends AnyMessageType, Params>(
  kernel: RingKernel<In, Out, Params>,
  messages: readonly SendableOf<In>[],
  options: TestContextOptions<Params> = {},
): TestContext<MessageOf<In>, SendableOf<Out>, Params> {
  checkOptions(`make a test context of kernel "${kernel.id}"`, options, TEST_CONTEXT_RULES);
  const params = ("params" in options ? options.params : kernel.params) as Params;
  return new Context<MessageOf<In>, SendableOf<Out>, Params>(kernel.id, messages as never, { ...options, params });
}

class Context<In, Out extends object, Params> implements TestContext<In, Out, Params> {
  readonly kernelId: string;
  readonly params: Params;
  readonly runtime: KernelRuntime;
  readonly attempt = 1;
  readonly signal: AbortSignal;
  readonly sent: Out[] = [];
  readonly forwarded: ForwardedMessage[] = [];
  readonly #left: In[];
  readonly #controller = new AbortController();

  constructor(id: string, messages: readonly In[], options: TestContextOptions<Params> & { params: Params }) {
    const { params, kernelId = id, runtime, signal } = options;
    this.kernelId = kernelId;
    this.params = params;
    this.runtime = { ...REFUSING, ...runtime };
    this.#left = [...messages];
    this.signal = signal ? AbortSignal.any([signal, this.#controller.signal]) : this.#controller.signal;
  }

  get isActive(): boolean {
    return !this.signal.aborted;
  }

  get shouldTerminate(): boolean {
    return this.signal.aborted;
  }

  /** The next message; after the last one, the kernel is to terminate. */
  #take(): In | undefined {
    if (this.signal.aborted) return undefined;
    if (this.#left.length === 0) {
      this.#controller.abort(new StoppedError(`Kernel "${this.kernelId}" was told to terminate`));
    }
    return this.#left.shift();
  }

  readonly receive = async (options?: WaitOptions): Promise<In> => {
    const what = `receive in kernel "${this.kernelId}"`;
    const { timeoutMs } = await Promise.resolve(waitOf(what, options));
    const next = this.#take();
    if (next !== undefined) return next;
    if (timeoutMs !== Infinity) throw new QueueTimeoutError(`Cannot ${what}: nothing came for ${timeoutMs} ms`);
    throw this.signal.reason;
  };

  readonly send = async (message: Out): Promise<void> => {
    this.sent.push(await Promise.resolve(message));
  };

  readonly forward = async (kernel: string, message: In & MessageEnvelope): Promise<void> => {
    this.forwarded.push({ kernel, message: await Promise.resolve(message) });
  };

  readonly signalOf = (): AbortSignal => this.signal;

  readonly waitActive = (): Promise<void> => Promise.resolve();

  readonly sleep = async (): Promise<void> => {
    await null;
    this.signal.throwIfAborted();
  };

  async *[Symbol.asyncIterator](): AsyncIterator<In> {
    for (let next = this.#take(); next !== undefined; next = this.#take()) yield await Promise.resolve(next);
  }
}

/** Calls of a runtime that the test does not stand in for. */
const REFUSING: KernelRuntime = Object.fromEntries(
  ["send", "receive", "receiveAny", "request", "launch", "terminate", "stateOf"].map((method) => [
    method,
    () => Promise.reject(new TypeError(`Cannot ${method} in a test: its context has no runtime.${method}`)),
  ]),
) as unknown as KernelRuntime;
