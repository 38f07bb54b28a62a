/** What a kernel's function gets. */

import type { AnyMessageType, Message, MessageEnvelope, MessageOf, SendableOf } from "./message.ts";

/** Options of a call that waits. */
export interface WaitOptions {
  /**
   * The longest wait in milliseconds, 0 or more.
   *
   * @default {Infinity}
   */
  timeoutMs?: number;
}

/** How kernels, and the program, reach kernels by their ids: directly, through shared memory. */
export interface KernelPeers {
  /**
   * Puts a message into a kernel's input. Resolves once it is there; by `"dropOldest"` also if it was dropped itself.
   *
   * @throws {KernelNotFoundError} If there is no such kernel.
   * @throws {KernelStateError} If it terminates, or has terminated.
   * @throws {QueueFullError} If its input is full, by `"reject"`.
   * @throws {QueueTimeoutError} If its input stays full for `timeoutMs`, by `"block"`.
   * @throws {MessageError} If the message cannot be sent, is too large, of a type that the kernel does not take, or not
   * accepted by its schema.
   * @throws {StoppedError} If the sender terminates while it waits.
   */
  send(kernel: string, message: MessageEnvelope, options?: WaitOptions): Promise<void>;
  /**
   * Takes the next message from a kernel's output. Of several that receive, each gets other messages. What a kernel has
   * sent before it terminated can still be received.
   *
   * @throws {KernelNotFoundError} If there is no such kernel.
   * @throws {KernelStateError} If it has terminated, and there is nothing left.
   * @throws {QueueTimeoutError} If nothing comes for `timeoutMs`.
   * @throws {MessageError} If this thread does not know the type of what came.
   * @throws {StoppedError} If the receiver terminates while it waits.
   */
  // deno-lint-ignore no-explicit-any
  receive<Body extends object = any>(kernel: string, options?: WaitOptions): Promise<Message<Body>>;
  /**
   * Sends a message and resolves to the answer: the first message that the kernel sends with the id of this one as its
   * `correlationId`. It does not pass through the kernel's output, so any number of requests may be under way. By
   * `"dropOldest"` a request may be dropped, and time out.
   *
   * @throws {KernelError} If the kernel fails before it has answered, with its error as `cause`.
   * @throws {KernelStateError} If the kernel terminates before it has answered.
   * @throws {QueueTimeoutError} If no answer came for `timeoutMs`, which includes the wait for room in its input.
   * @throws {Error} As `send()` does.
   */
  // deno-lint-ignore no-explicit-any
  request<Body extends object = any>(
    kernel: string,
    message: MessageEnvelope,
    options?: WaitOptions,
  ): Promise<Message<Body>>;
}

/**
 * What a kernel's function gets. Its async iterator yields messages until the kernel is to terminate.
 *
 * @example
 * ```ts
 * import { message, ringKernel } from "@ringmill/ringmill/actors";
 *
 * const Sample = message<{ value: number }>("Sample");
 * const Sum = message<{ total: number }>("Sum");
 *
 * export const sum = ringKernel({ id: "sum", module: import.meta, input: Sample, output: Sum }, async (ctx) => {
 *   let total = 0;
 *   for await (const { value } of ctx) total += value;
 *   await ctx.send(Sum({ total }));
 * });
 * ```
 */
export interface KernelContext<In = Message, Out = Message, Params = unknown> extends AsyncIterable<In> {
  /** The id under which it was launched. */
  readonly kernelId: string;
  /** The constants that it was launched with. */
  readonly params: Params;
  /** Whether it is active. While it is not, nothing is received. */
  readonly isActive: boolean;
  /** Whether it is to terminate: its function should return. */
  readonly shouldTerminate: boolean;
  /** Aborts, with a `StoppedError`, when it is to terminate. */
  readonly signal: AbortSignal;
  /** Reaches other kernels. */
  readonly runtime: KernelPeers;
  /**
   * Takes the next message: the oldest of the highest priority. Waits while there is none, and while the kernel is not
   * active.
   *
   * @throws {QueueTimeoutError} If none comes for `timeoutMs`.
   * @throws {StoppedError} If the kernel is to terminate. Let it pass: it ends the function as if it had returned.
   * @throws {MessageError} If the worker does not know the type of what came.
   */
  receive(options?: WaitOptions): Promise<In>;
  /**
   * Sends a message: to whoever asked, if it answers a request; otherwise to the kernel's output. A kernel that is to
   * terminate still can, but does not wait for room.
   *
   * @throws {QueueFullError} If the output is full, by `"reject"`.
   * @throws {QueueTimeoutError} If the output stays full for `timeoutMs`, by `"block"`.
   * @throws {MessageError} If the message cannot be sent, is too large, of a type that the kernel does not send, or not
   * accepted by its schema.
   * @throws {StoppedError} If the kernel terminates while it waits for room.
   */
  send(message: Out, options?: WaitOptions): Promise<void>;
  /**
   * Waits until the kernel is active. Returns at once, too, when it is to terminate: look at `shouldTerminate`.
   */
  waitActive(): Promise<void>;
}

/**
 * What the function of a kernel with these types of messages gets: for functions that are not written in place.
 *
 * @example
 * ```ts
 * import { type ContextFor, message, ringKernel } from "@ringmill/ringmill/actors";
 *
 * const Reading = message<{ celsius: number }>("Reading");
 *
 * async function pass(ctx: ContextFor<typeof Reading, typeof Reading>) {
 *   for await (const { celsius } of ctx) await ctx.send(Reading({ celsius }));
 * }
 *
 * export const relay = ringKernel({ id: "relay", module: import.meta, input: Reading, output: Reading }, pass);
 * ```
 */
export type ContextFor<
  In extends AnyMessageType = AnyMessageType,
  Out extends AnyMessageType = AnyMessageType,
  Params = unknown,
> = KernelContext<MessageOf<In>, SendableOf<Out>, Params>;
