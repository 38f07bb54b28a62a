/** The runtime of ring kernels. */

import { LifecycleError, StoppedError } from "../errors.ts";
import type { RecordQueue } from "../ring/record_queue.ts";
import { anything, boolean, checkOptions, checkRule, duration, integer, name, type Rules } from "../rules.ts";
import type { Dashboard } from "../view/live/dashboard.ts";
import type { RunDashboardOptions } from "../view/live/run_options.ts";
import { importingWorker } from "../worker/importing.ts";
import { reportError } from "../worker/error_report.ts";
import { KernelExistsError, KernelNotFoundError, KernelStateError } from "./errors.ts";
import type { KernelPeers, LaunchOptions, ReceivedFrom, TerminateOptions } from "./kernel_context.ts";
import { change, deactivate, type DeactivateOptions, KernelHandle, TERMINATE_RULES } from "./kernel_handle.ts";
import { KernelPool } from "./kernel_pool.ts";
import type { KernelLink } from "./kernel_link.ts";
import type { KernelState } from "./kernel_state.ts";
import type { AnyMessageType, Message, MessageEnvelope, MessageOf, SendableOf } from "./message.ts";
import {
  type AnyRingKernel,
  checkKernel,
  foreignKernel,
  hasKernels,
  kernelAt,
  kernelNamed,
  type KernelPlace,
  PLACE,
  type RingKernel,
} from "./ring_kernel.ts";
import { DeadLetters } from "./dead_letters.ts";
import { SharedHosts } from "./supervision/shared_host.ts";
import { MemoryBlocks } from "./thread/memory_blocks.ts";
import { KernelLife, type Surroundings } from "./supervision/kernel_life.ts";
import { Parties } from "./supervision/parties.ts";
import { Pool } from "./supervision/pool.ts";
import { Registry } from "./supervision/registry.ts";
import { type KernelTelemetry, type RuntimeSummary, summarize } from "./telemetry.ts";
import { createMailbox, openMailbox, type PoolQueues } from "./thread/kernel_memory.ts";
import type { RuntimeCall } from "./thread/kernel_protocol.ts";
import { Mailbox } from "./thread/mailbox.ts";
import { PostOffice } from "./thread/post_office.ts";
import { Settler } from "./thread/settler.ts";
import type { WaitOptions } from "../ring/waiting.ts";
import { DEFAULT_GRACE_MS } from "../timers.ts";
import { suggest } from "../suggest.ts";
import { STATION_BYTES } from "./thread/station.ts";

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
   * The most workers for kernels that share them, 1 to 511. They are started as shared kernels are launched.
   *
   * @default {navigator.hardwareConcurrency}
   */
  workers?: number;
  /**
   * The most kernels with workers of their own, and shared workers, at a time: 1 to 511. Shared kernels do not count.
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

/** The rules of {@link RingKernelRuntimeOptions}. */
export const RUNTIME_RULES = {
  telemetry: boolean,
  graceMs: duration,
  workers: integer(1, 511),
  maxKernels: integer(1, 511),
  answerBytes: integer(256, 2 ** 29),
} satisfies Rules;

/** @throws {TypeError|RangeError} Unless an id is a text that is not empty. */
function checkId(id: unknown): asserts id is string {
  checkRule("launch a kernel", "its id", name, id);
}

/**
 * What comes from other threads passes through one inbox of the worker.
 *
 * @throws {RangeError} If a kernel that is to share its worker takes longer messages than that.
 */
function checkSharedBytes(id: string, place: KernelPlace, { settings: { queueBytes } }: AnyRingKernel): void {
  const bytes = Math.max(queueBytes.input, queueBytes.output);
  if (place !== "shared" || bytes <= STATION_BYTES) return;
  const rule = `queueBytes of a kernel that shares its worker are at most ${STATION_BYTES}`;
  throw new RangeError(`Cannot launch kernel "${id}": ${rule}, received ${bytes}`);
}

/** Options of `RingKernelRuntime.launchPool()`. */
export interface LaunchPoolOptions<Params = unknown> extends LaunchOptions<Params> {
  /**
   * How many kernels, 1 or more.
   *
   * @default {navigator.hardwareConcurrency}
   */
  size?: number;
}

/** The rules of `LaunchOptions`. */
export const LAUNCH_RULES = { params: anything, timeoutMs: duration, worker: PLACE } satisfies Rules;

/** The rules of {@link LaunchPoolOptions}. */
const LAUNCH_POOL_RULES = { ...LAUNCH_RULES, size: integer(1, 511) } satisfies Rules;

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
  /** Messages that kernels with `ack` have tried in vain. */
  readonly deadLetters: DeadLetters;
  readonly #graceMs: number;
  readonly #maxKernels: number;
  readonly #registry: Registry;
  readonly #mailboxQueue: RecordQueue;
  readonly #mailbox: Mailbox;
  readonly #post: PostOffice;
  readonly #surroundings: Surroundings;
  readonly #controller = new AbortController();
  readonly #madeAt = performance.now();
  /** The ids of mailboxes so far. The program's is 0. */
  #mailboxes = 0;
  #lateAnswers = 0;
  /** Kernels with workers of their own. */
  #dedicated = 0;
  #closing: Promise<void> | undefined;
  #dashboard: Dashboard | undefined;

  /**
   * A runtime without kernels. It starts nothing yet.
   *
   * @throws {TypeError} If an option is of the wrong kind, or unknown.
   * @throws {RangeError} If an option is out of its range.
   */
  constructor(options: RingKernelRuntimeOptions = {}) {
    checkOptions("make a runtime", options, RUNTIME_RULES);
    const { telemetry = false, graceMs = DEFAULT_GRACE_MS, maxKernels = 256, answerBytes = 2 ** 20 } = options;
    const workers = Math.min(options.workers ?? navigator.hardwareConcurrency, maxKernels);
    // A worker that takes the place of another may start before that one is gone for good.
    const threads = 2 * maxKernels;
    const { signal } = this.#controller;
    this.deadLetters = new DeadLetters(signal);
    this.#graceMs = graceMs;
    this.#maxKernels = maxKernels;
    const mailbox = createMailbox("the program", 0, threads + 1, answerBytes);
    this.#mailboxQueue = openMailbox(mailbox.queue!, 0, { mayBlock: false });
    this.#registry = new Registry({
      mailbox,
      mailboxQueue: this.#mailboxQueue,
      deadLetters: this.deadLetters,
      stations: () => this.#surroundings.hosts.all.map(({ station }) => station.queue),
      access: () => ({ threadSlot: 0, handles: { mayBlock: false }, settler }),
      call: (life, what) => this.#call(life, what),
    });
    const settler = new Settler(this.#registry, signal);
    this.#mailbox = new Mailbox({
      answers: this.#mailboxQueue,
      owner: "the program",
      worker: 0,
      signal,
      onLate: () => this.#lateAnswers++,
    });
    this.#post = this.#postOffice(telemetry);
    this.#surroundings = this.#surroundingsOf({ isTimed: telemetry, graceMs, settler, threads, workers });
  }

  #postOffice(isTimed: boolean): PostOffice {
    const { signal } = this.#controller;
    return new PostOffice({
      directory: this.#registry,
      mailbox: () => this.#mailbox,
      mailboxId: 0,
      signal,
      isTimed,
      noteUse: (kernel, by) => this.#registry.noteUse({ user: null, kernel, by }),
    });
  }

  #surroundingsOf(
    { threads, workers, ...known }: {
      isTimed: boolean;
      graceMs: number;
      settler: Settler;
      threads: number;
      workers: number;
    },
  ): Surroundings {
    const registry = this.#registry;
    const slots = new Parties(threads, () => registry.queues());
    const takeThreadSlot = () => slots.take();
    const returnThreadSlot = (slot: number) => void slots.giveBack(slot);
    const hosts = new SharedHosts({
      workers,
      parties: threads + 1,
      takeThreadSlot,
      returnThreadSlot,
      onQuestion: (host, question) =>
        question.kind === "find" ? registry.tellPeer(host, question.id) : registry.tellMailbox(host, question.id),
      settler: known.settler,
      onHeldUp: (kernel, sinceMs, others) => registry.warnOfHolding(kernel, sinceMs, others),
    });
    return {
      ...known,
      parties: threads + 1,
      hosts,
      blocks: new MemoryBlocks(known.isTimed, (block) => {
        for (const host of hosts.all) host.post({ kind: "forget", block });
      }),
      takeThreadSlot,
      returnThreadSlot,
      announce: (life, gone) => registry.announce(life, gone),
      endChildren: (life) => registry.endChildren(life),
      onQuestion: (life, question) => registry.onQuestion(life, question),
      bury: (life, letter, error) => registry.bury(life, letter, error),
      nameWait: (kind, wait) => registry.nameWait(kind, wait),
    };
  }

  /** Does what a kernel has asked for. */
  async #call(parent: KernelLife, what: Exclude<RuntimeCall, { method: "explain" }>): Promise<unknown> {
    const { id } = what;
    switch (what.method) {
      case "launch":
        await this.#registry.whenChildIsGone(id, parent);
        await this.#launch(id, what.kernel ? foreignKernel(what.kernel) : undefined, what.options, parent.id);
        return null;
      case "ended": {
        const failure = await this.#life(id, "wait for").ended;
        return failure && reportError(failure);
      }
      case "stateOf":
        return this.stateOf(id);
      case "deactivate":
      case "terminate":
        return await this[what.method](id, what.options);
      default:
        return await this[what.method](id);
    }
  }

  /**
   * Starts a kernel's worker, under an id that may differ from the kernel's own: one kernel can be launched many times.
   * Resolves when its module is imported; its function is called next, but receives nothing until it is activated.
   *
   * @throws {KernelExistsError} If there is a kernel of that id which has not terminated.
   * @throws {KernelNotFoundError} If `kernel` is left out, and no module defines one of that name, or several do.
   * @throws {KernelError} If the module cannot be imported, or does not define the kernel at its top level.
   * @throws {LifecycleError} If the runtime is shut down, or this is a worker that imports its kernel's module.
   * @throws {RangeError} If there are `maxKernels` already, or not enough memory; or a kernel is to share its worker whose
   * `queueBytes` are more than 2^21.
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
    return new KernelHandle(await this.#launch(id, kernel, options, null), this.#post);
  }

  async #launch(
    id: string,
    kernel: AnyRingKernel | undefined,
    options: LaunchOptions,
    parent: string | null,
  ): Promise<KernelLife> {
    this.#checkLaunch(id);
    const found = kernel === undefined ? this.#named(id) : checkKernel(id, kernel);
    checkOptions(`launch kernel "${id}"`, options, LAUNCH_RULES);
    const place = options.worker ?? found.settings.worker;
    this.#checkRoom(id, 1, place);
    const life = this.#add({ id, kernel: kernelAt(found, place), options, parent });
    await life.launch(options);
    return life;
  }

  #add(
    { id, kernel, options, parent, pool }: {
      id: string;
      kernel: AnyRingKernel;
      options: LaunchOptions;
      parent: string | null;
      pool?: PoolQueues;
    },
  ): KernelLife {
    const params = "params" in options ? options.params : kernel.params;
    const place = kernel.settings.worker;
    if (place === "shared" && kernel.settings.permissions !== undefined) {
      throw new TypeError(`Cannot launch kernel "${id}": its permissions need a worker of its own, received "shared"`);
    }
    checkSharedBytes(id, place, kernel);
    const oversubscribed = this.#workers() >= navigator.hardwareConcurrency;
    const order = { id, mailboxId: ++this.#mailboxes, kernel, params, parent, pool, place, oversubscribed };
    const life = new KernelLife(order, this.#surroundings);
    this.#registry.add(life);
    if (!life.isShared) this.#countWorker(life);
    return life;
  }

  /**
   * Launches several kernels of one definition, `id/1` and so on, that take from one input: whichever has nothing to do takes
   * the next message.
   *
   * @throws {Error} As `launch()` does.
   * @throws {RangeError} If `size` is not 1 or more, or there would be more than `maxKernels`.
   */
  async launchPool<In extends AnyMessageType, Out extends AnyMessageType, Params>(
    id: string,
    kernel: RingKernel<In, Out, Params>,
    options: LaunchPoolOptions<Params> = {},
  ): Promise<KernelPool<SendableOf<In>, MessageOf<Out>>> {
    checkOptions(`launch pool "${id}"`, options, LAUNCH_POOL_RULES);
    const { size = navigator.hardwareConcurrency, ...rest } = options;
    const ids = Array.from({ length: size }, (_, index) => `${id}/${index + 1}`);
    for (const one of [id, ...ids]) this.#checkLaunch(one);
    const found = checkKernel(id, kernel);
    const place = options.worker ?? found.settings.worker;
    this.#checkRoom(id, size, place);
    const { parties, settler } = this.#surroundings;
    const placed = kernelAt(found, place);
    const pool = new Pool({ id, mailboxId: ++this.#mailboxes, kernel: placed, parties, settler });
    const lives = ids.map((id) => this.#add({ id, kernel: placed, options: rest, parent: null, pool: pool.queues }));
    pool.add(lives);
    this.#registry.pools.set(id, pool);
    const outcomes = await Promise.allSettled(lives.map((life) => life.launch(rest)));
    const failed = outcomes.find(({ status }) => status === "rejected");
    if (!failed) return new KernelPool(pool, this.#post);
    await pool.terminate({}).catch(() => {});
    throw (failed as PromiseRejectedResult).reason;
  }

  #checkLaunch(id: unknown): asserts id is string {
    checkId(id);
    const what = `Cannot launch kernel "${id}"`;
    const importing = importingWorker();
    if (importing !== undefined) {
      const advice = "launch kernels behind import.meta.main";
      throw new LifecycleError(`${what}: its module is being imported by worker "${importing}", ${advice}`);
    }
    if (this.#closing) throw new LifecycleError(`${what}: the runtime is shut down`);
    const pool = this.#registry.pools.get(id)?.members.find(({ state }) => state !== "terminated");
    const state = (pool ?? this.#registry.lives.get(id))?.state ?? "terminated";
    if (state !== "terminated") throw new KernelExistsError(`${what}: one of that id is ${state}`);
  }

  #countWorker({ ended }: KernelLife): void {
    this.#dedicated++;
    ended.then(() => this.#dedicated--);
  }

  /** Shared kernels need no worker more than there may be. */
  #checkRoom(id: string, kernels: number, place: KernelPlace): void {
    const { hosts } = this.#surroundings;
    const more = place === "dedicated" ? kernels : hosts.size > 0 ? 0 : 1;
    if (this.#workers() + more <= this.#maxKernels) return;
    const workers = `${this.#workers()} of at most ${this.#maxKernels} workers (maxKernels) run`;
    throw new RangeError(`Cannot launch kernel "${id}": ${workers}, and it needs ${more === 1 ? "one" : more} more`);
  }

  /** Workers that are running: of one kernel each, and shared ones. */
  #workers(): number {
    return this.#dedicated + this.#surroundings.hosts.size;
  }

  #named(id: string): AnyRingKernel {
    const kernel = kernelNamed(id);
    if (kernel) return kernel;
    const reason = hasKernels(id)
      ? "several modules define one of that name, hand the kernel over"
      : "no kernel of that name is defined in this program, hand the kernel over";
    throw new KernelNotFoundError(`Cannot launch kernel "${id}": ${reason}`);
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
   * Lets a kernel finish the message in hand, and take no other. Resolves when it is quiet: its function has asked for the
   * next message. It keeps its state and its queued messages.
   *
   * @throws {KernelNotFoundError} If there is no such kernel.
   * @throws {KernelStateError} If it is not active.
   * @throws {QueueTimeoutError} If it has a message in hand for `timeoutMs` more. It is deactivated in any case.
   */
  async deactivate(id: string, options?: DeactivateOptions): Promise<void> {
    await deactivate(this.#life(id, "deactivate"), options);
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
   * are lost, unless `drain` has them processed first; what it has sent can still be received.
   *
   * @throws {KernelNotFoundError} If there is no such kernel.
   * @throws {KernelStateError} If it has ended by itself. To terminate it again changes nothing.
   * @throws {KernelError} If it ignores that for `timeoutMs`, by default the runtime's `graceMs`.
   */
  async terminate(id: string, options: TerminateOptions = {}): Promise<void> {
    checkOptions(`terminate kernel "${id}"`, options, TERMINATE_RULES);
    await (this.#registry.pools.get(id) ?? this.#life(id, "terminate")).terminate(options);
  }

  /**
   * Forgets a kernel, or a pool with its kernels, that has ended: its figures, and what it has sent and nobody has received. A
   * program that launches ever new ids does so.
   *
   * @throws {KernelNotFoundError} If there is no such kernel.
   * @throws {KernelStateError} If it has not ended.
   */
  forget(id: string): void {
    const pool = this.#registry.pools.get(id);
    const lives = pool?.members ?? [this.#life(id, "forget")];
    const living = lives.find(({ state }) => state !== "terminated");
    if (living) {
      throw new KernelStateError(`Cannot forget kernel "${living.id}": it has not ended, it is ${living.state}`);
    }
    for (const life of lives) this.#registry.remove(life);
    if (pool) this.#registry.pools.delete(id);
  }

  #life(id: string, action: string): KernelLife {
    const life = this.#registry.lives.get(id);
    if (life) return life;
    const members = this.#registry.pools.get(id)?.members.map((member) => JSON.stringify(member.id));
    const why = members
      ? `it is a pool, of kernels ${members.join(", ")}`
      : `none of that id was launched${suggest(id, this.#registry.ids())}`;
    throw new KernelNotFoundError(`Cannot ${action} kernel ${Deno.inspect(id)}: ${why}`);
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

  /** Takes the next message from the outputs of several kernels. As {@link KernelPeers.receiveAny}. */
  receiveAny(kernels: readonly string[], options?: WaitOptions): Promise<ReceivedFrom> {
    return this.#post.receiveAny(kernels, options);
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
    return [...this.#registry.lives.keys()];
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
    return this.#registry.links;
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
    return Object.fromEntries([...this.#registry.lives].map(([id, life]) => [id, life.telemetry]));
  }

  /**
   * Has the figures of a kernel begin anew, or those of all: counts are those since then, and `lastError` is the last since
   * then. Its state, its depths and its time of life stay.
   *
   * @throws {KernelNotFoundError} If there is no such kernel.
   *
   * @example
   * ```ts
   * import { message, reply, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";
   * import { equal } from "node:assert/strict";
   *
   * const Text = message("Text").of<{ text: string }>();
   * const echo = ringKernel({ id: "echo", module: import.meta, input: Text, output: Text }, async (ctx) => {
   *   for await (const received of ctx) await ctx.send(reply(received, Text({ text: received.text })));
   * });
   *
   * if (import.meta.main) {
   *   await using runtime = new RingKernelRuntime();
   *   const kernel = await runtime.kernelScope("echo", echo);
   *   await kernel.request(Text({ text: "hello" }), { timeoutMs: 5000 });
   *   runtime.resetTelemetry();
   *   equal(kernel.telemetry.messagesProcessed, 0);
   * }
   * ```
   */
  resetTelemetry(id?: string): void {
    const lives = id === undefined ? this.#registry.lives.values() : [this.#life(id, "reset the figures of")];
    for (const life of lives) life.resetTelemetry();
    if (id !== undefined) return;
    this.#mailbox.hearAll();
    this.#lateAnswers = 0;
  }

  /** All kernels together at this moment. */
  getSummary(): RuntimeSummary {
    this.#mailbox.hearAll();
    return summarize(
      [...this.#registry.lives.values()].map((life) => life.telemetry),
      {
        cycles: this.#registry.cycles,
        lateAnswers: this.#lateAnswers,
        uptimeMs: performance.now() - this.#madeAt,
      },
    );
  }

  #running(): KernelLife[] {
    return [...this.#registry.lives.values()].filter(({ state }) => state !== "terminated");
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
   * match(url, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\/$/);
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
    const outcomes = await Promise.allSettled(this.#running().map((life) => life.terminate({})));
    this.#surroundings.hosts.end();
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
