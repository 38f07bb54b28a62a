/** The runtime of ring kernels. */

import { LifecycleError, StoppedError } from "../errors.ts";
import type { RecordQueue } from "../ring/record_queue.ts";
import { checkTimeout } from "../ring/waiting.ts";
import { importingWorker } from "../worker/importing.ts";
import { KernelExistsError, KernelNotFoundError } from "./errors.ts";
import { goneError } from "./message/failure.ts";
import type { KernelPeers, WaitOptions } from "./kernel_context.ts";
import { change, KernelHandle } from "./kernel_handle.ts";
import type { KernelState } from "./kernel_state.ts";
import { KernelLife, type Surroundings } from "./supervision/kernel_life.ts";
import type { KernelLink } from "./kernel_link.ts";
import { createMailbox, type MailboxDescription, openMailbox } from "./thread/kernel_memory.ts";
import { Mailbox } from "./thread/mailbox.ts";
import type { AnyMessageType, Message, MessageEnvelope, MessageOf, SendableOf } from "./message.ts";
import { Parties } from "./supervision/parties.ts";
import { type Directory, PostOffice } from "./thread/post_office.ts";
import type { KernelGone } from "./thread/kernel_protocol.ts";
import { type AnyRingKernel, checkKernel, kernelNamed, type RingKernel } from "./ring_kernel.ts";
import type { Dashboard } from "../view/live/dashboard.ts";
import type { RunDashboardOptions } from "../view/live/run_options.ts";
import { type KernelTelemetry, type RuntimeSummary, summarize } from "./telemetry.ts";

/** Options of a {@link RingKernelRuntime}. */
export interface RingKernelRuntimeOptions {
  /**
   * Whether to measure how long messages wait and are processed. It costs some tenths of a microsecond per message; counts
   * are there without.
   *
   * @default {false}
   */
  telemetry?: boolean;
  /**
   * How long a kernel may take to notice its termination, in milliseconds. One that takes longer is given up on and reported.
   *
   * @default {1000}
   */
  graceMs?: number;
  /**
   * The most kernels at a time, 1 to 511.
   *
   * @default {256}
   */
  maxKernels?: number;
  /**
   * Bytes for the answers that wait to be read by the program, 256 to 2^29, rounded up to a power of two. An answer has at
   * most half of that; kernels have room for `queueBytes` of answers.
   *
   * @default {1048576}
   */
  answerBytes?: number;
}

/** Options of `RingKernelRuntime.launch()`. */
export interface LaunchOptions<Params = unknown> {
  /** Constants for the function, instead of those of the kernel's definition: anything that can be structured-cloned. */
  params?: Params;
}

/** The numbers of an option. */
function checkOption(name: string, value: number, least: number, most: number): void {
  const isWhole = most === Infinity || Number.isInteger(value);
  if (typeof value === "number" && value >= least && value <= most && isWhole) return;
  const Kind = typeof value === "number" ? RangeError : TypeError;
  const range = most === Infinity ? `${least} or more` : `a whole number from ${least} to ${most}`;
  throw new Kind(`Cannot make a runtime: ${name} must be ${range}, received ${Deno.inspect(value)}`);
}

/**
 * Launches kernels, each in a worker of its own, and reaches them through shared memory. One is enough for a program.
 *
 * A kernel is launched (its worker and its queues are there, and its function is called, but gets no messages), then
 * activated. Deactivated, it keeps its state and its messages; terminated, it ends. Its id is free again then, and
 * until it is used again its figures and what it has sent are there.
 *
 * @example
 * ```ts
 * import { message, reply, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";
 * import { equal } from "node:assert/strict";
 *
 * const Question = message<{ numbers: number[] }>("Question");
 * const Answer = message<{ sum: number }>("Answer");
 *
 * const adder = ringKernel({ id: "adder", module: import.meta, input: Question, output: Answer }, async (ctx) => {
 *   for await (const question of ctx) {
 *     const sum = question.numbers.reduce((a, b) => a + b, 0);
 *     await ctx.send(reply(question, Answer({ sum })));
 *   }
 * });
 *
 * if (import.meta.main) {
 *   await using runtime = new RingKernelRuntime();
 *   await runtime.launch("adder", adder);
 *   await runtime.activate("adder");
 *   const { sum } = await runtime.request("adder", Question({ numbers: [1, 2, 4] }), { timeoutMs: 5000 });
 *   equal(sum, 7);
 *   equal(runtime.getTelemetry("adder").messagesProcessed, 1);
 * }
 * ```
 */
export class RingKernelRuntime implements KernelPeers, AsyncDisposable {
  readonly #graceMs: number;
  readonly #maxKernels: number;
  readonly #lives = new Map<string, KernelLife>();
  readonly #links = new Map<string, KernelLink>();
  readonly #parties: Parties;
  readonly #mailboxDescription: MailboxDescription;
  readonly #mailboxQueue: RecordQueue;
  readonly #mailbox: Mailbox;
  readonly #post: PostOffice;
  readonly #surroundings: Omit<Surroundings, "isCrowded">;
  readonly #controller = new AbortController();
  readonly #madeAt = performance.now();
  /** The numbers of mailboxes so far. The program's is 0. */
  #mailboxes = 0;
  #closing: Promise<void> | undefined;
  #dashboard: Dashboard | undefined;

  /**
   * A runtime without kernels. It starts nothing yet.
   *
   * @throws {TypeError} If an option is of the wrong kind.
   * @throws {RangeError} If an option is out of its range.
   */
  constructor(options: RingKernelRuntimeOptions = {}) {
    const { telemetry = false, graceMs = 1000, maxKernels = 256, answerBytes = 2 ** 20 } = options;
    checkOption("graceMs", graceMs, 0, Infinity);
    checkOption("maxKernels", maxKernels, 1, 511);
    checkOption("answerBytes", answerBytes, 256, 2 ** 29);
    // A worker that takes the place of another may start before that one is gone for good.
    const threads = 2 * maxKernels, parties = threads + 1, { signal } = this.#controller;
    this.#graceMs = graceMs;
    this.#maxKernels = maxKernels;
    this.#parties = new Parties(threads, () => this.#queues());
    this.#mailboxDescription = createMailbox("the program", 0, parties, answerBytes);
    this.#mailboxQueue = openMailbox(this.#mailboxDescription, 0, { mayBlock: false });
    this.#mailbox = new Mailbox(this.#mailboxQueue, "the program", signal);
    const directory = this.#directory();
    this.#post = new PostOffice({
      directory,
      mailbox: this.#mailbox,
      number: 0,
      signal,
      isTimed: telemetry,
      noteUse: (kernel, by) => this.#noteUse({ user: null, kernel, by }),
    });
    this.#surroundings = {
      isTimed: telemetry,
      graceMs,
      parties,
      takeParty: () => this.#parties.take(),
      returnParty: (party) => void this.#parties.giveBack(party),
      announce: (gone) => this.#announce(gone),
      noteUse: (link) => this.#noteUse(link),
      peer: (id) => this.#lives.get(id)?.description ?? null,
      mailbox: (number) => this.#mailboxOf(number),
    };
  }

  #directory(): Directory {
    const known = (id: string) => this.#lives.get(id)?.peer;
    return { known, find: (id) => Promise.resolve(known(id) ?? null), forget: () => {} };
  }

  *#queues(): Iterable<RecordQueue> {
    yield this.#mailboxQueue;
    for (const { peer: { memory } } of this.#lives.values()) yield* [memory.input, memory.output, memory.mailbox];
  }

  /** A worker that was started again tells what is known already. */
  #noteUse(link: KernelLink): void {
    this.#links.set(JSON.stringify(link), link);
  }

  /** A kernel of an id that was used before has done nothing yet. */
  #forgetLinks(id: string): void {
    for (const [key, { user, kernel }] of this.#links) if (user === id || kernel === id) this.#links.delete(key);
  }

  #mailboxOf(number: number): MailboxDescription | null {
    if (number === 0) return this.#mailboxDescription;
    const owner = [...this.#lives.values()].find(({ peer, state }) => peer.number === number && state !== "terminated");
    return owner?.description.memory.mailbox ?? null;
  }

  #announce(gone: KernelGone): void {
    this.#mailbox.kernelIsGone(gone.number, () => goneError(gone.id, gone.failure));
    for (const life of this.#lives.values()) life.tell({ kind: "gone", gone });
  }

  /**
   * Starts a kernel's worker, under an id that may differ from the kernel's own: one kernel can be launched many times.
   * Resolves when its module is imported; its function is called next, but receives nothing until it is activated.
   *
   * @throws {KernelExistsError} If there is a kernel of that id which has not terminated.
   * @throws {KernelNotFoundError} If `kernel` is left out, and not just one of that name is defined in this program.
   * @throws {KernelError} If the module cannot be imported, or does not define the kernel at its top level.
   * @throws {LifecycleError} If the runtime is shut down, or this is a worker that imports its kernel's module.
   * @throws {RangeError} If there are `maxKernels` already, or not enough memory.
   * @throws {TypeError} If `kernel` is none, or `params` cannot be cloned.
   */
  launch<In extends AnyMessageType, Out extends AnyMessageType, Params>(
    id: string,
    kernel: RingKernel<In, Out, Params>,
    options?: LaunchOptions<Params>,
  ): Promise<KernelHandle<SendableOf<In>, MessageOf<Out>>>;
  /** Launches the kernel that is defined under this id. */
  // deno-lint-ignore no-explicit-any
  launch(id: string): Promise<KernelHandle<any, any>>;
  async launch(id: string, kernel?: AnyRingKernel, options: LaunchOptions = {}): Promise<KernelHandle> {
    this.#checkLaunch(id);
    const found = kernel === undefined ? this.#named(id) : checkKernel(id, kernel);
    const params = "params" in options ? options.params : found.params;
    const order = { id, number: ++this.#mailboxes, kernel: found, params };
    const isCrowded = this.#running().length + 1 > navigator.hardwareConcurrency;
    const life = new KernelLife(order, { ...this.#surroundings, isCrowded });
    this.#lives.set(id, life);
    this.#forgetLinks(id);
    await life.launch();
    return new KernelHandle(life, this.#post, this.#graceMs);
  }

  #checkLaunch(id: unknown): asserts id is string {
    if (typeof id !== "string" || id === "") {
      throw new TypeError(`Cannot launch a kernel: its id must be a text, received ${Deno.inspect(id)}`);
    }
    const what = `Cannot launch kernel "${id}"`, importing = importingWorker();
    if (importing !== undefined) {
      const advice = "launch kernels behind import.meta.main";
      throw new LifecycleError(`${what}: its module is being imported by worker "${importing}", ${advice}`);
    }
    if (this.#closing) throw new LifecycleError(`${what}: the runtime is shut down`);
    const state = this.#lives.get(id)?.state ?? "terminated";
    if (state !== "terminated") throw new KernelExistsError(`${what}: there is one of that id, received one more`);
    if (this.#running().length >= this.#maxKernels) {
      throw new RangeError(`${what}: maxKernels must be more for one more kernel, received ${this.#maxKernels}`);
    }
  }

  #named(id: string): AnyRingKernel {
    const kernel = kernelNamed(id);
    if (kernel) return kernel;
    throw new KernelNotFoundError(
      `Cannot launch kernel "${id}": not just one of that name is defined, name the kernel`,
    );
  }

  /**
   * Launches and activates a kernel, for as long as the handle is in scope: `await using` terminates it.
   *
   * @throws {Error} As `launch()` does.
   *
   * @example
   * ```ts
   * import { message, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";
   * import { equal } from "node:assert/strict";
   *
   * const Text = message<{ text: string }>("Text");
   * const echo = ringKernel({ id: "echo", module: import.meta, input: Text, output: Text }, async (ctx) => {
   *   for await (const { text } of ctx) await ctx.send(Text({ text }));
   * });
   *
   * if (import.meta.main) {
   *   await using runtime = new RingKernelRuntime();
   *   {
   *     await using kernel = await runtime.kernelScope("echo", echo);
   *     await kernel.send(Text({ text: "hello" }));
   *     equal((await kernel.receive({ timeoutMs: 5000 })).text, "hello");
   *   }
   *   equal(runtime.stateOf("echo"), "terminated");
   * }
   * ```
   */
  async kernelScope<In extends AnyMessageType, Out extends AnyMessageType, Params>(
    id: string,
    kernel: RingKernel<In, Out, Params>,
    options?: LaunchOptions<Params>,
  ): Promise<KernelHandle<SendableOf<In>, MessageOf<Out>>> {
    const handle = await this.launch(id, kernel, options);
    await handle.activate();
    return handle;
  }

  /**
   * Lets a kernel process messages.
   *
   * @throws {KernelNotFoundError} If there is no such kernel.
   * @throws {KernelStateError} If it is not launched, or was activated before.
   */
  async activate(id: string): Promise<void> {
    await change(this.#life(id, "activate"), "activate");
  }

  /**
   * Lets a kernel finish the message in hand, and take no other. It keeps its state and its queued messages.
   *
   * @throws {KernelNotFoundError} If there is no such kernel.
   * @throws {KernelStateError} If it is not active.
   */
  async deactivate(id: string): Promise<void> {
    await change(this.#life(id, "deactivate"), "deactivate");
  }

  /**
   * Lets a kernel process messages again.
   *
   * @throws {KernelNotFoundError} If there is no such kernel.
   * @throws {KernelStateError} If it is not deactivated.
   */
  async reactivate(id: string): Promise<void> {
    await change(this.#life(id, "reactivate"), "reactivate");
  }

  /**
   * Tells a kernel to end: what it waits for throws a `StoppedError`, and its iterator ends. Messages that it has not taken
   * are lost; what it has sent can still be received.
   *
   * @throws {KernelNotFoundError} If there is no such kernel.
   * @throws {KernelStateError} If it has ended by itself. To terminate it again changes nothing.
   * @throws {KernelError} If it ignores that for `timeoutMs`, by default the runtime's `graceMs`.
   */
  async terminate(id: string, { timeoutMs = this.#graceMs }: WaitOptions = {}): Promise<void> {
    checkTimeout(timeoutMs, `terminate kernel "${id}"`);
    await this.#life(id, "terminate").terminate(timeoutMs);
  }

  #life(id: string, action: string): KernelLife {
    const life = this.#lives.get(id);
    if (life) return life;
    throw new KernelNotFoundError(`Cannot ${action} kernel ${Deno.inspect(id)}: none of that id was launched`);
  }

  /** Puts a message into a kernel's input. As {@link KernelPeers.send}. */
  send(kernel: string, message: MessageEnvelope, options?: WaitOptions): Promise<void> {
    return this.#post.send(kernel, message, options);
  }

  /** Takes the next message from a kernel's output. As {@link KernelPeers.receive}. */
  // deno-lint-ignore no-explicit-any
  receive<Body extends object = any>(kernel: string, options?: WaitOptions): Promise<Message<Body>> {
    return this.#post.receive(kernel, options);
  }

  /** Sends a message, and resolves to the answer. As {@link KernelPeers.request}. */
  // deno-lint-ignore no-explicit-any
  request<Body extends object = any>(
    kernel: string,
    message: MessageEnvelope,
    options?: WaitOptions,
  ): Promise<Message<Body>> {
    return this.#post.request(kernel, message, options);
  }

  /** The ids of all kernels that were launched, the terminated among them. */
  get kernels(): readonly string[] {
    return [...this.#lives.keys()];
  }

  /** Whether kernels can be launched: until it is shut down. */
  get isOpen(): boolean {
    return this.#closing === undefined;
  }

  /**
   * The definition of a kernel that was launched.
   *
   * @throws {KernelNotFoundError} If there is no such kernel.
   */
  definitionOf(id: string): AnyRingKernel {
    return this.#life(id, "tell the definition of").kernel;
  }

  /**
   * Who has sent to, received from, or made requests of whom, each once, in the order of the first times. What a kernel
   * has done is known here a moment later. Launching a kernel forgets those of its id.
   */
  get links(): readonly KernelLink[] {
    return [...this.#links.values()];
  }

  /**
   * Where a kernel is in its life.
   *
   * @throws {KernelNotFoundError} If there is no such kernel.
   */
  stateOf(id: string): KernelState {
    return this.#life(id, "tell the state of").state;
  }

  /**
   * A kernel's figures at this moment.
   *
   * @throws {KernelNotFoundError} If there is no such kernel.
   */
  getTelemetry(id: string): KernelTelemetry {
    return this.#life(id, "tell the figures of").telemetry;
  }

  /** The figures of all kernels at this moment, by id. */
  getAllTelemetry(): Readonly<Record<string, KernelTelemetry>> {
    return Object.fromEntries([...this.#lives].map(([id, life]) => [id, life.telemetry]));
  }

  /** All kernels together at this moment. */
  getSummary(): RuntimeSummary {
    return summarize([...this.#lives.values()].map((life) => life.telemetry), performance.now() - this.#madeAt);
  }

  #running(): KernelLife[] {
    return [...this.#lives.values()].filter(({ state }) => state !== "terminated");
  }

  /**
   * Serves a page on 127.0.0.1, to this machine only, that shows the kernels, their figures and who sends to whom, live. Kernels
   * that are launched later appear. It changes nothing, does not keep the program alive, and closes with the runtime.
   *
   * @throws {TypeError} If an option is of the wrong kind.
   * @throws {RangeError} If `port` is not from 0 to 65535, or `intervalMs` below 10.
   * @throws {Deno.errors.AddrInUse} If something else listens on the port.
   * @throws {LifecycleError} If the runtime is shut down, or has a dashboard already.
   *
   * @example
   * ```ts
   * import { RingKernelRuntime } from "@ringmill/ringmill/actors";
   * import { match } from "node:assert/strict";
   *
   * await using runtime = new RingKernelRuntime();
   * const { url } = await runtime.serveDashboard();
   * match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
   * ```
   */
  async serveDashboard(options: RunDashboardOptions = {}): Promise<Dashboard> {
    // Workers import this module too, and need none of it.
    const { serveActors } = await import("../view/live/serve_actors.ts");
    const refuse = (state: string) => new LifecycleError(`Cannot serve the dashboard of "actors": ${state}`);
    if (this.#closing) throw refuse("the runtime is shut down");
    if (this.#dashboard?.isOpen) throw refuse(`it is served at ${this.#dashboard.url}`);
    return this.#dashboard = serveActors(this, options);
  }

  /**
   * Terminates all kernels. What still waits on them rejects. Calling it twice is the same as calling it once.
   *
   * @throws {KernelError} If a kernel ignored that for longer than `graceMs`; an `AggregateError` of these, if several did.
   */
  shutdown(): Promise<void> {
    return this.#closing ??= this.#shutdown();
  }

  async #shutdown(): Promise<void> {
    try {
      await this.#terminateAll();
    } finally {
      await this.#dashboard?.close();
    }
  }

  async #terminateAll(): Promise<void> {
    const outcomes = await Promise.allSettled(this.#running().map((life) => life.terminate(this.#graceMs)));
    this.#controller.abort(new StoppedError("The runtime was shut down"));
    this.#mailboxQueue.close();
    const errors = outcomes.filter(({ status }) => status === "rejected").map((outcome) =>
      (outcome as PromiseRejectedResult).reason as Error
    );
    if (errors.length > 1) throw new AggregateError(errors, errors.map(({ message }) => message).join("; "));
    if (errors.length === 1) throw errors[0];
  }

  /** As {@link shutdown}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}
