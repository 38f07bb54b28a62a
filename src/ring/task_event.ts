/** Events: switches that tell tasks when they may run. */

import { showAs } from "../inspect.ts";
import { codes, layout } from "./core.generated.ts";
import { closedCore, type HandleOptions } from "./end.ts";
import type { Core } from "./core.ts";
import type { BindingOf } from "./description.ts";
import { StoppedError } from "../errors.ts";
import type { Doorbell } from "./doorbell.ts";
import type { OwnStop } from "./own_stop.ts";
import { checkMemory, type SharedMemory } from "./shared_memory.ts";
import { SOURCE, type Source } from "./source.ts";
import { checkTimeout, checkWaitOptions, Waiter, type WaitOptions } from "./waiting.ts";

/**
 * The part of a {@link TaskEvent} that works on the main thread too: nothing in it blocks. `close()` it when the program
 * signals no more: a task that waits for it runs until nobody is left who could signal.
 */
export type AsyncTaskEvent = Omit<TaskEvent, "wait">;

/**
 * An event, as a task gets it: a count of pending activations. It is open while any are pending. Any number of tasks may
 * signal; one task that waits is the intended pattern.
 *
 * @example Two tasks and a switch
 * ```ts
 * import type { Reader, TaskEvent, Writer } from "@ringmill/ringmill";
 *
 * export function watch({ level, alarm }: { level: Reader<"float64">; alarm: TaskEvent }) {
 *   for (const [value] of level) if (value > 0.9) alarm.signal();
 * }
 *
 * export function ring({ alarm, bell }: { alarm: TaskEvent; bell: Writer<"uint8"> }) {
 *   while (alarm.wait()) {
 *     alarm.reset();
 *     bell.write(Uint8Array.of(1));
 *   }
 * }
 * ```
 */
export class TaskEvent {
  /** The event's name. */
  readonly name: string;
  readonly #memory: SharedMemory;
  readonly #description: BindingOf<"event">;
  #core: Core;
  readonly #address: number;
  /** How this party counts among the signalers: 1 or 0. */
  #own: number;
  #isLeft = false;
  #leftFor = () => new Error(`Cannot signal event "${this.name}": this party has closed it`);
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #waiter: Waiter;
  readonly #stopReason: () => Error;
  readonly #ownStop: OwnStop | undefined;
  readonly #mayBlock: boolean;
  readonly #source: Source & { readonly doorbell: Doorbell | undefined; call: number };

  /** Opens an event. Task hosts and pipelines do this. */
  constructor(memory: SharedMemory, description: BindingOf<"event">, options: HandleOptions = {}) {
    checkMemory("TaskEvent", "openEvent()", memory);
    const { core, words } = memory;
    const { address, name } = description.event;
    this.name = name;
    this.#memory = memory;
    this.#description = description;
    this.#own = description.left === 0 ? 0 : 1;
    this.#core = core;
    this.#address = address;
    this.#words = words;
    this.#stopReason = options.stopReason ?? (() => new StoppedError("The pipeline was stopped"));
    this.#ownStop = options.ownStop;
    this.#mayBlock = options.mayBlock ?? true;
    this.#waiter = new Waiter(
      {
        words,
        waiters: (address + layout.EVENT_WAITERS) / 4,
        attempt: () => core.event_look(address, this.#own),
        park: (_, spins, nanoseconds) => core.event_wait(address, this.#own, spins, nanoseconds),
        prepare: () => core.event_prepare_wait(address, this.#own),
      },
      "adaptive",
      options,
    );
    this.#source = {
      desert: (reason) => {
        this.#isLeft = true;
        this.#core = closedCore(() => reason(`event "${this.name}"`));
        return 0;
      },
      finish: (reason) => {
        if (this.#isLeft) return;
        this.#leftFor = reason;
        this.close();
      },
      doorbell: options.doorbell,
      observer: options.observer,
      chosen: 0,
      call: 0,
      watch: (bell) => core.event_watch(address, description.party, this.#own, bell) === 1,
    };
  }

  /** @internal */
  get [SOURCE](): Source {
    return this.#source;
  }

  /** Activations that were signalled and neither taken nor reset. */
  get pending(): number {
    return Atomics.load(this.#words, (this.#address + layout.EVENT_PENDING) / 4) >>> 0;
  }

  /** Whether an activation is pending. */
  get isOpen(): boolean {
    return this.pending > 0;
  }

  /** Whether nobody else is left who could signal. */
  get closed(): boolean {
    const isClosed = Atomics.load(this.#words, (this.#address + layout.EVENT_SIGNALERS) / 4) <= this.#own;
    // A drain closes the program's events: who sees that has heard of it.
    if (isClosed) this.#ownStop?.notice();
    return isClosed;
  }

  /**
   * Adds an activation and wakes who waits. The count stops at 2^32 - 1.
   *
   * @throws {Error} If this party has closed the event.
   * @throws {StoppedError} If the pipeline was told to stop.
   */
  signal(this: object): void;
  signal(): void {
    if (this.#isLeft) throw this.#leftFor();
    this.#settle(this.#core.event_look(this.#address, this.#own));
    this.#core.event_signal(this.#address);
  }

  /**
   * Blocks until an activation is pending; it stays pending. False if `timeoutMs` (without bound by default) went by, or
   * nobody else is left who could signal.
   *
   * @throws {RangeError} If `timeoutMs` is negative.
   * @throws {StoppedError} If the pipeline was told to stop.
   */
  wait(this: object, timeoutMs?: number): boolean;
  wait(timeoutMs = Infinity): boolean {
    checkTimeout(timeoutMs, `wait for event "${this.name}"`);
    const code = this.#core.event_look(this.#address, this.#own);
    if (code !== codes.NOT_READY || timeoutMs === 0) return this.#settle(code);
    if (!this.#mayBlock) {
      throw new TypeError(`Cannot wait for event "${this.name}": the main thread must not block, use waitAsync()`);
    }
    return this.#settle(this.#waiter.block(0, timeoutMs));
  }

  /** As {@link wait}, without blocking the thread. */
  waitAsync(this: object, options?: WaitOptions): Promise<boolean>;
  async waitAsync(options: WaitOptions = {}): Promise<boolean> {
    checkWaitOptions(`wait for event "${this.name}"`, options);
    const { timeoutMs = Infinity, signal } = options;
    return await this.#waiter.promise(0, timeoutMs, (code) => this.#settle(code), signal);
  }

  /**
   * Takes one activation, if one is pending. Of several that take, each gets another one.
   *
   * @throws {StoppedError} If the pipeline was told to stop.
   */
  take(this: object): boolean;
  take(): boolean {
    return this.#settle(this.#core.event_take(this.#address, this.#own));
  }

  /** Forgets all pending activations. */
  reset(this: object): void;
  reset(): void {
    this.#core.event_reset(this.#address);
  }

  /**
   * Signals no more: once nobody else is left who could, the event is `closed` for those who wait. They still find what
   * is pending. A task that returns does so by itself; closing twice changes nothing. Whoever has closed it may wait and
   * take on: several tasks that wait for one event do so at once, or each goes on waiting for a signal of the others.
   */
  close(this: object): void;
  close(): void {
    // It is closed, or another thread goes on with it.
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.#own = 0;
    leaveEvent(this.#memory, this.#description);
    this.#source.doorbell?.disturb();
  }

  /** As {@link close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #settle(code: number): boolean {
    if (code === codes.STOPPED || code === codes.CLOSED && this.#ownStop?.reachesEnd(this)) throw this.#stopReason();
    return code === codes.DONE;
  }
}

/** Takes a party off the signalers of an event. Only the first time counts, whoever asks for it. */
export function leaveEvent({ core, words }: SharedMemory, { event, left }: BindingOf<"event">): void {
  if (left !== 0 && Atomics.exchange(words, left / 4, 1) === 0) core.event_leave(event.address);
}

showAs(TaskEvent, ({ isOpen, pending, closed }) => {
  const state = isOpen ? `open, ${pending} pending` : "not open";
  return closed ? `${state}, closed` : state;
});
