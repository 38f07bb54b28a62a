/** A kernel that a program on another machine exports. */

import { packMessage, unpackFailure, unpackMessage } from "../actors/carried_message.ts";
import type { AnyMessageType, Message, MessageEnvelope, MessageOf, SendableOf } from "../actors/message.ts";
import type { RingKernel } from "../actors/ring_kernel.ts";
import { LifecycleError } from "../errors.ts";
import type { LinkState } from "../manager/metrics.ts";
import type { WaitOptions } from "../ring/waiting.ts";
import { WAIT_RULES } from "../ring/waiting.ts";
import { LONGEST_TIMER_MS, within } from "../ring/within.ts";
import { untilAborted } from "../worker/until_aborted.ts";
import { QueueTimeoutError } from "../actors/errors.ts";
import * as rules from "../rules.ts";
import { SchemaMismatchError } from "./errors.ts";
import { Connection } from "./jetstream/connection.ts";
import { Asker } from "./kernels/asker.ts";
import { describeExport } from "./kernels/describe.ts";
import { deadOf, type ExportDescription, workOf } from "./kernels/names.ts";
import { keptLetters } from "./kernels/remote_dead_letters.ts";
import { HEADER_BYTES, tooLong } from "./kernels/request_desk.ts";
import { ensureQueue, openConsumer, post, type PostingWait, type QueueKeeping } from "./kernels/server_queue.ts";
import { LinkFigures } from "./link_figures.ts";
import { type Transport, transportRule } from "./transport.ts";

/** Options of {@link remoteKernel}. */
export interface RemoteKernelOptions {
  /** The server, as `nats()` makes it. */
  transport: Transport;
  /**
   * The id by which it is exported.
   *
   * @default {kernel.id}
   */
  id?: string;
  /**
   * Where the server keeps work, if this program is the first to have it kept. What is in memory is lost with the server.
   *
   * @default {"file"}
   */
  keep?: "file" | "memory";
  /**
   * On how many servers of a cluster it is kept then, 1 to 5.
   *
   * @default {3 in a cluster, otherwise 1}
   */
  replicas?: number;
  /**
   * How many bytes of work the server keeps then: senders wait while there is no room.
   *
   * @default {67108864}
   */
  maxBytes?: number;
  /** Ends the attempt to connect. */
  signal?: AbortSignal;
}

/** What each option of {@link remoteKernel} must be. */
export const REMOTE_RULES: rules.Rules = {
  transport: transportRule,
  id: rules.name,
  keep: rules.oneOf(["file", "memory"]),
  replicas: rules.integer(1, 5),
  maxBytes: rules.integer(65_536),
  signal: rules.signal,
};

/** Options of `RemoteKernel.request()`. */
export interface RemoteRequestOptions {
  /** For how many milliseconds an answer is waited for, 1 to 2^31 - 1: who answers may be gone, and nobody hears of it. */
  timeoutMs: number;
  /** Ends the wait; the kernel is told so. */
  signal?: AbortSignal;
  /**
   * Whether the kernel may be asked more than once, which it must take as if it were once. Then the request is sent again while no
   * answer comes, also to a program that is not there yet.
   *
   * @default {false}
   */
  idempotent?: boolean;
}

/** What each option of a request must be. */
export const REMOTE_REQUEST_RULES: rules.Rules = {
  timeoutMs: rules.milliseconds(1, LONGEST_TIMER_MS),
  signal: rules.signal,
  idempotent: rules.boolean,
};

/** What is counted of a remote kernel, since it was connected. */
export interface RemoteFigures {
  /** How the connection to the server is. */
  readonly state: LinkState;
  /** How often the connection has come back. */
  readonly reconnects: number;
  /** Requests that were sent. */
  readonly requests: number;
  /** How often requests were sent once more. */
  readonly retries: number;
  /** Requests that are open. */
  readonly open: number;
  /** Answers that came after their requests had ended. */
  readonly lateAnswers: number;
  /** Messages of work that the server has accepted. */
  readonly sent: number;
}

/** Work that was tried in vain. */
export interface RemoteDeadLetter<In extends MessageEnvelope = Message> {
  /** The id of the kernel. */
  readonly kernel: string;
  /** What was sent; `null` if this program knows no type of its name. */
  readonly message: In | null;
  /** How often it was tried. */
  readonly attempts: number;
  /** Why it is given up. */
  readonly reason: string;
  /** When it was given up, by the server's clock. */
  readonly sentAt: Date;
  /** Has the server forget it. It stays otherwise. */
  remove(): Promise<void>;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

/** A kernel of another program, with the types of its messages. Close it, or it keeps its program alive. */
export class RemoteKernel<In extends MessageEnvelope = Message, Out extends MessageEnvelope = Message>
  implements AsyncDisposable {
  /** The id by which it is exported. */
  readonly id: string;
  readonly #connection: Connection;
  readonly #asker: Asker;
  readonly #figures: LinkFigures;
  readonly #keeping: QueueKeeping;
  readonly #controller = new AbortController();
  #sent = 0;
  #queue: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** Messages reach the server in the order of `send()`. */
  #sending: Promise<unknown> = Promise.resolve();

  /** {@link remoteKernel} makes it. */
  constructor(id: string, connection: Connection, figures: LinkFigures, keeping: QueueKeeping) {
    this.id = id;
    this.#connection = connection;
    this.#figures = figures;
    this.#keeping = keeping;
    this.#asker = new Asker(connection.core, id);
    connection.onFailure = () => this.#asker.end(connection.failure!);
  }

  /** Its figures at this moment. */
  get figures(): RemoteFigures {
    const { state, reconnects } = this.#figures.read();
    return { state, reconnects, ...this.#asker.figures, open: this.#asker.open, sent: this.#sent };
  }

  #check(action: string): void {
    if (this.#closing) throw new LifecycleError(`Cannot ${action}: it is closed`);
    this.#connection.check();
  }

  #pack(action: string, message: In): Uint8Array<ArrayBuffer> {
    const bytes = packMessage(action, message);
    const most = this.#connection.maxPayload - HEADER_BYTES;
    if (bytes.length > most) throw tooLong(action, bytes.length, most);
    return bytes;
  }

  /**
   * Asks it, and resolves to its answer. At most once, unless it is `idempotent`: after a time-out nobody knows whether the kernel
   * has done it.
   *
   * @throws {KernelNotFoundError} If no program exports it.
   * @throws {QueueTimeoutError} If no answer comes in time.
   * @throws {KernelError} If it has failed, with what it threw as `cause`.
   * @throws {MessageError} If the message cannot be carried, is too long for the server, or is refused.
   * @throws {TransportError} If the server refuses it, or does not answer for longer than the transport's `giveUpMs`.
   * @throws {unknown} The reason of `signal`, if that aborts.
   */
  async request(message: In, options: RemoteRequestOptions): Promise<Out> {
    const action = `request of remote kernel "${this.id}"`;
    rules.checkOptions(action, options, REMOTE_REQUEST_RULES);
    rules.checkRule(action, "timeoutMs", REMOTE_REQUEST_RULES.timeoutMs, options.timeoutMs);
    const { timeoutMs, signal, idempotent = false } = options;
    this.#check(action);
    const bytes = this.#pack(action, message);
    signal?.throwIfAborted();
    const answer = await this.#asker.ask({ bytes, timeoutMs, signal, idempotent });
    const failure = unpackFailure(answer, this.id);
    if (failure) throw failure;
    return unpackMessage(`read an answer of remote kernel "${this.id}"`, answer, true) as unknown as Out;
  }

  /**
   * Hands it work, which the server keeps until it has done it: also while no program exports it. Resolves when the server has it.
   * What one program sends, the kernel gets in its order, but for what is tried again.
   *
   * @throws {QueueTimeoutError} If the server has no room in time, or does not answer: then it may have it all the same.
   * @throws {MessageError} If the message cannot be carried, or is too long for the server.
   * @throws {TransportError} As `request()`.
   * @throws {unknown} The reason of `signal`, if that aborts.
   */
  async send(message: In, options: WaitOptions = {}): Promise<void> {
    const action = `send to remote kernel "${this.id}"`;
    rules.checkOptions(action, options, WAIT_RULES);
    const { timeoutMs = Infinity, signal } = options;
    this.#check(action);
    const bytes = this.#pack(action, message);
    signal?.throwIfAborted();
    const either = signal ? AbortSignal.any([this.#controller.signal, signal]) : this.#controller.signal;
    const before = this.#sending;
    const sending = this.#sendAfter(before, bytes, { timeoutMs, signal: either }, action);
    // Also behind one that is given up, messages keep their order.
    this.#sending = Promise.allSettled([before, sending]);
    return await sending;
  }

  async #sendAfter(before: Promise<unknown>, bytes: Uint8Array, wait: PostingWait, action: string): Promise<void> {
    const { timeoutMs, signal } = wait;
    const until = performance.now() + timeoutMs;
    if (!await within(untilAborted(before, signal), timeoutMs)) {
      throw new QueueTimeoutError(`Cannot ${action}: what was sent before it was not accepted for ${timeoutMs} ms`);
    }
    const left = () => Math.max(until - performance.now(), 0);
    const made = this.#queue ??= this.#makeQueue();
    if (!await untilAborted(within(made, left()), signal)) {
      throw new QueueTimeoutError(`Cannot ${action}: the server did not answer for ${timeoutMs} ms`);
    }
    const posting = { id: crypto.randomUUID(), bytes };
    await post(this.#connection, workOf(this.id), posting, { ...wait, leftMs: left() }, action);
    this.#sent++;
  }

  async #makeQueue(): Promise<void> {
    try {
      await ensureQueue(this.#connection, workOf(this.id), this.#keeping, this.#controller.signal);
    } catch (error) {
      this.#queue = undefined;
      throw error;
    }
  }

  /**
   * Work of it that was tried in vain, as the server keeps it, and as it comes. A letter stays until it is removed; what a loop has
   * left comes to the next one.
   *
   * @throws {LifecycleError} If it is closed.
   */
  async *deadLetters(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<RemoteDeadLetter<In>, void> {
    const action = `read dead letters of remote kernel "${this.id}"`;
    rules.checkOptions(action, options, { signal: rules.signal });
    this.#check(action);
    const { signal: closed } = this.#controller;
    const signal = options.signal ? AbortSignal.any([closed, options.signal]) : closed;
    if (signal.aborted) return;
    await ensureQueue(this.#connection, deadOf(this.id), this.#keeping, signal);
    const consumer = await openConsumer(this.#connection, deadOf(this.id), null, signal);
    for await (const letter of keptLetters(this.#connection, consumer, this.id, signal)) {
      yield { ...letter, kernel: this.id, message: letter.message as In | null };
    }
  }

  /** Ends its requests and sends by an error, and the connection. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    const error = new LifecycleError(`Cannot wait for remote kernel "${this.id}": it was closed meanwhile`);
    this.#asker.end(error);
    this.#controller.abort(error);
    this.#asker[Symbol.dispose]();
    await this.#sending;
    await this.#connection.flush(RELEASE_MS);
    await this.#connection[Symbol.asyncDispose]();
    this.#figures.setState("ended");
  }

  /** As {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** How long a program that ends tells the server so. */
const RELEASE_MS = 200;

/**
 * Reaches a kernel that a program on another machine exports by `exportKernel()`. `kernel` is its definition, which says what may be
 * sent, and what is answered.
 *
 * @throws {TypeError | RangeError} If an option is not what it must be.
 * @throws {SchemaMismatchError} If the kernel that is exported takes other types of messages, or sends others.
 * @throws {TransportError} If there is no server, or it refuses the program.
 *
 * @example
 * ```ts
 * import { nats, remoteKernel } from "@ringmill/ringmill/cluster";
 * import { message, reply, ringKernel } from "@ringmill/ringmill/actors";
 *
 * const Job = message("Job").of<{ file: string }>();
 * const Done = message("Done").of<{ bytes: number }>();
 * const measure = ringKernel({ id: "measure", module: import.meta, input: Job, output: Done }, async (ctx) => {
 *   for await (const job of ctx) {
 *     const { size } = await Deno.stat(job.file);
 *     await ctx.send(reply(job, Done({ bytes: size })));
 *   }
 * });
 *
 * if (import.meta.main) {
 *   await using remote = await remoteKernel(measure, { transport: nats("nats://hub:4222") });
 *   const { bytes } = await remote.request(Job({ file: "/etc/hostname" }), { timeoutMs: 5000 });
 *   console.log(bytes);
 *   await remote.send(Job({ file: "/etc/hosts" }));
 * }
 * ```
 */
export async function remoteKernel<In extends AnyMessageType, Out extends AnyMessageType, Params>(
  kernel: RingKernel<In, Out, Params>,
  options: RemoteKernelOptions,
): Promise<RemoteKernel<SendableOf<In>, MessageOf<Out>>> {
  if (typeof kernel?.id !== "string") {
    throw new TypeError(
      `Cannot reach a remote kernel: expected what ringKernel() has made, received ${Deno.inspect(kernel)}`,
    );
  }
  const id = options?.id ?? kernel.id;
  const action = `reach remote kernel "${id}"`;
  rules.checkOptions(action, options, REMOTE_RULES);
  rules.checkRule(action, "transport", transportRule, options?.transport);
  const { transport, keep = "file", replicas = null, maxBytes = DEFAULT_MAX_BYTES } = options;
  if (transport.engine !== "nats") {
    throw new TypeError(`Cannot ${action}: by TCP there is nobody who keeps work: use nats()`);
  }
  const figures = LinkFigures.make();
  await using opening = new AsyncDisposableStack();
  const connection = opening.use(await Connection.open(transport, { action, figures }, options.signal ?? NEVER));
  const exported = await describeExport(connection.core, id);
  if (exported) checkTypes(action, kernel, exported);
  opening.move();
  return new RemoteKernel(id, connection, figures, { keep, replicas, maxBytes });
}

const NEVER = new AbortController().signal;

/** What may be sent is taken, and what may be answered is known. */
function checkTypes(
  action: string,
  { input, output }: Pick<RingKernel, "input" | "output">,
  exported: ExportDescription,
): void {
  const names = (types: readonly { readonly messageType: string }[] | null) =>
    types && types.map(({ messageType }) => messageType);
  const [sent, known] = [names(input), names(output)];
  if (isWithin(sent, exported.input) && isWithin(exported.output, known)) return;
  const ours = `takes ${listed(sent)} and sends ${listed(known)}`;
  const theirs = `takes ${listed(exported.input)} and sends ${listed(exported.output)}`;
  throw new SchemaMismatchError(`Cannot ${action}: the one that is exported ${theirs}, but this one ${ours}`);
}

function isWithin(some: readonly string[] | null, all: readonly string[] | null): boolean {
  return all === null || some !== null && some.every((name) => all.includes(name));
}

function listed(names: readonly string[] | null): string {
  if (names === null) return "all types";
  return names.length === 0 ? "none" : names.map((name) => JSON.stringify(name)).join(", ");
}
