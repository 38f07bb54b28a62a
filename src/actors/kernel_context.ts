/** What a kernel's function gets. */

import type { KernelError } from "./errors.ts";
import type { KernelState } from "./kernel_state.ts";
import type { AnyMessageType, Message, MessageEnvelope, MessageOf, SendableOf } from "./message.ts";
import type { KernelPlace, RingKernel } from "./ring_kernel.ts";
import type { WaitOptions } from "../ring/waiting.ts";

/** Options of `launch()`. */
export interface LaunchOptions<Params = unknown> {
  /** Constants for the function, instead of those of the kernel's definition: anything that can be structured-cloned. */
  params?: Params;
  /**
   * How long its module may take to be imported, in milliseconds. After that the kernel is ended, and its id is free.
   *
   * @default {Infinity}
   */
  timeoutMs?: number;
  /**
   * Where it runs: in a worker of its own, or with others on the runtime's `workers`.
   *
   * @default {what its definition says}
   */
  worker?: KernelPlace;
}

/** Options of `terminate()`. */
export interface TerminateOptions {
  /**
   * How long the kernel may take to end, in milliseconds: after that it is given up on and reported. With `drain`, how long
   * it may take to process what is queued: after that it is terminated as without.
   *
   * @default {the runtime's graceMs; Infinity with drain}
   */
  timeoutMs?: number;
  /**
   * Whether the kernel processes first what is queued. Nothing new is taken in.
   *
   * @default {false}
   */
  drain?: boolean;
}

/** A message that was received from one of several kernels. */
export interface ReceivedFrom {
  /** The id of the kernel that has sent it. */
  readonly kernel: string;
  /** The message. */
  // deno-lint-ignore no-explicit-any
  readonly message: Message<any>;
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
   * Takes the next message from the outputs of several kernels. None is lost: what is not returned stays where it is.
   *
   * @throws {KernelNotFoundError} If one of them is not there.
   * @throws {KernelStateError} If all have terminated, and there is nothing left.
   * @throws {QueueTimeoutError} If nothing comes for `timeoutMs`.
   * @throws {TypeError} If `kernels` is no array of ids, or is empty.
   */
  receiveAny(kernels: readonly string[], options?: WaitOptions): Promise<ReceivedFrom>;
  /**
   * Sends a message and resolves to the answer: the first message that the kernel sends with the id of this one as its
   * `correlationId`. It does not pass through the kernel's output, so any number of requests may be under way. Once the
   * time is over, or `signal` aborts, the kernel leaves the request out if it has not begun, and `ctx.signalOf(message)`
   * aborts if it has.
   *
   * @throws {QueueFullError} If the request was dropped, by `"dropOldest"`.
   * @throws {MessageError} If the answer is too large for this thread's mailbox.
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

/** A kernel that another kernel has launched. */
export interface KernelChild<In extends MessageEnvelope = MessageEnvelope, Out extends MessageEnvelope = Message> {
  /** The id under which it was launched. */
  readonly id: string;
  /** Resolves when it has ended: to what has ended it, or `null` if it has returned or was terminated. */
  readonly ended: Promise<KernelError | null>;
  /** Lets it process messages. */
  activate(): Promise<void>;
  /** Lets it finish the message in hand, and take no other. */
  deactivate(options?: { timeoutMs?: number }): Promise<void>;
  /** Lets it process messages again. */
  reactivate(): Promise<void>;
  /** Tells it to end. */
  terminate(options?: TerminateOptions): Promise<void>;
  /** Puts a message into its input. As {@link KernelPeers.send}. */
  send(message: In, options?: WaitOptions): Promise<void>;
  /** Takes the next message from its output. As {@link KernelPeers.receive}. */
  receive(options?: WaitOptions): Promise<Out>;
  /** Sends a message, and resolves to the answer. As {@link KernelPeers.request}. */
  request(message: In, options?: WaitOptions): Promise<Out>;
}

/** The runtime, as a kernel's function sees it: it reaches other kernels, and launches children. */
export interface KernelRuntime extends KernelPeers {
  /**
   * Launches a kernel, as `RingKernelRuntime.launch()`: one that this module, or one that it imports, defines. It is a child:
   * when this kernel has ended, or its function has failed and is called again, its children are terminated.
   *
   * @throws {Error} As `RingKernelRuntime.launch()` does.
   */
  launch<In extends AnyMessageType, Out extends AnyMessageType, Params>(
    id: string,
    kernel?: RingKernel<In, Out, Params>,
    options?: LaunchOptions<Params>,
  ): Promise<KernelChild<SendableOf<In>, MessageOf<Out>>>;
  /** Tells a kernel to end, as `RingKernelRuntime.terminate()`. */
  terminate(id: string, options?: TerminateOptions): Promise<void>;
  /** Where a kernel is in its life, as `RingKernelRuntime.stateOf()`. */
  stateOf(id: string): Promise<KernelState>;
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
  /** Reaches other kernels, and launches children. */
  readonly runtime: KernelRuntime;
  /** Which attempt the message in hand is, from 1: more than 1 for kernels with `ack` alone. */
  readonly attempt: number;
  // Members that are functions may be taken out of the context: \`({ receive, send }) => …\`.
  /**
   * Takes the next message: the oldest of the highest priority. Waits while there is none, and while the kernel is not
   * active.
   *
   * @throws {QueueTimeoutError} If none comes for `timeoutMs`.
   * @throws {StoppedError} If the kernel is to terminate. Let it pass: it ends the function as if it had returned.
   * @throws {MessageError} If the worker does not know the type of what came.
   */
  readonly receive: (options?: WaitOptions) => Promise<In>;
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
  readonly send: (message: Out, options?: WaitOptions) => Promise<void>;
  /**
   * Hands a message that was received on to another kernel's input. If it came by `request()`, that kernel answers it.
   *
   * @throws {Error} As `runtime.send()` does. The request is this kernel's to answer still.
   */
  readonly forward: (kernel: string, message: In & MessageEnvelope, options?: WaitOptions) => Promise<void>;
  /**
   * A signal for the work on a message that was received: it aborts when nobody waits for the answer any more, as whoever
   * asked has aborted or timed out; and when the kernel is to terminate.
   */
  readonly signalOf: (message: In & MessageEnvelope) => AbortSignal;
  /**
   * Waits until the kernel is active. Returns at once, too, when it is to terminate: look at `shouldTerminate`.
   */
  readonly waitActive: () => Promise<void>;
  /**
   * Waits for so many milliseconds.
   *
   * @throws {StoppedError} If the kernel is to terminate. Let it pass: it ends the function as if it had returned.
   */
  readonly sleep: (ms: number) => Promise<void>;
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
