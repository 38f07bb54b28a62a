/** The errors of actors that callers may want to catch. */

/**
 * No kernel of that id was launched, or none is defined under that name.
 *
 * @example
 * ```ts
 * import { KernelNotFoundError, RingKernelRuntime } from "@ringmill/ringmill/actors";
 * import { rejects } from "node:assert/strict";
 *
 * await using runtime = new RingKernelRuntime();
 * await rejects(() => runtime.activate("nobody"), KernelNotFoundError);
 * ```
 */
export class KernelNotFoundError extends Error {
  /** The class. */
  override readonly name = "KernelNotFoundError";
}

/**
 * A kernel of that id was launched already, and has not terminated.
 *
 * @example
 * ```ts
 * import { KernelExistsError } from "@ringmill/ringmill/actors";
 * import { equal } from "node:assert/strict";
 *
 * equal(new KernelExistsError('Cannot launch kernel "sum": it exists').name, "KernelExistsError");
 * ```
 */
export class KernelExistsError extends Error {
  /** The class. */
  override readonly name = "KernelExistsError";
}

/**
 * A kernel is not in a state in which that can be done: activated twice, sent to after it has terminated.
 *
 * @example
 * ```ts
 * import { KernelStateError } from "@ringmill/ringmill/actors";
 * import { equal } from "node:assert/strict";
 *
 * equal(new KernelStateError('Cannot reactivate kernel "sum": it is active').name, "KernelStateError");
 * ```
 */
export class KernelStateError extends Error {
  /** The class. */
  override readonly name = "KernelStateError";
}

/**
 * A queue whose backpressure is `"reject"` was full. The message was not sent.
 *
 * @example
 * ```ts
 * import { QueueFullError } from "@ringmill/ringmill/actors";
 * import { equal } from "node:assert/strict";
 *
 * equal(new QueueFullError('Cannot send "Work" to kernel "sum": its queue is full').name, "QueueFullError");
 * ```
 */
export class QueueFullError extends Error {
  /** The class. */
  override readonly name = "QueueFullError";
}

/**
 * Nothing came, no room was made, or no reply arrived within `timeoutMs`.
 *
 * @example
 * ```ts
 * import { QueueTimeoutError } from "@ringmill/ringmill/actors";
 * import { equal } from "node:assert/strict";
 *
 * equal(new QueueTimeoutError('Cannot receive from kernel "sum": nothing came for 100 ms').name, "QueueTimeoutError");
 * ```
 */
export class QueueTimeoutError extends Error {
  /** The class. */
  override readonly name = "QueueTimeoutError";
}

/** What a {@link MessageError} is about. */
export interface MessageErrorOptions {
  /** The type of the message, where it is known. */
  messageType?: string;
  /** The kernel that it was for, or from, where there is one. */
  kernel?: string;
  /** What is behind it: what the serialiser threw, for instance. */
  cause?: unknown;
}

/**
 * A message cannot be made, sent or read: its priority is out of range, it is too large, it holds what cannot be serialised,
 * its schema does not accept it, its type is unknown, or is none that the kernel takes.
 *
 * @example
 * ```ts
 * import { message, MessageError } from "@ringmill/ringmill/actors";
 * import { throws } from "node:assert/strict";
 *
 * const Work = message<{ size: number }>("Work");
 * throws(() => Work({ size: 1 }, { priority: 256 }), MessageError);
 * ```
 */
export class MessageError extends Error {
  /** The class. */
  override readonly name = "MessageError";
  /** The type of the message, where it is known. */
  readonly messageType: string | undefined;
  /** The kernel that it was for, or from, where there is one. */
  readonly kernel: string | undefined;

  /** An error about a message. */
  constructor(text: string, { messageType, kernel, cause }: MessageErrorOptions = {}) {
    super(text, cause === undefined ? {} : { cause });
    this.messageType = messageType;
    this.kernel = kernel;
  }
}

/** What was asked is done, but its answer could not be sent: for those who need none. */
export class RefusedAnswerError extends MessageError {}

/** Options of a {@link KernelError}. */
export interface KernelErrorOptions {
  /** What the kernel threw. */
  cause?: unknown;
}

/**
 * A kernel failed: it threw, could not be imported, ended its worker, or ignored its termination. `cause` is its own error,
 * rebuilt with class name, message, stack and cause.
 *
 * @example
 * ```ts
 * import { KernelError } from "@ringmill/ringmill/actors";
 * import { equal } from "node:assert/strict";
 *
 * const error = new KernelError("sum", "it threw RangeError: too many", { cause: new RangeError("too many") });
 * equal(error.message, 'Kernel "sum" failed: it threw RangeError: too many');
 * ```
 */
export class KernelError extends Error {
  /** The class. */
  override readonly name = "KernelError";
  /** The kernel's id. */
  readonly kernel: string;
  /** What became of it, without its id. */
  readonly reason: string;

  /** A failure of the kernel of that id. */
  constructor(kernel: string, reason: string, options: KernelErrorOptions = {}) {
    super(`Kernel "${kernel}" failed: ${reason}`, options);
    this.kernel = kernel;
    this.reason = reason;
  }
}
