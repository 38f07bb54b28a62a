/** What both ends of a ring have in common: lengths in bytes, offsets into the data area. */

import { codes } from "./core.generated.ts";
import type { Core } from "./core.ts";
import type { RingDescription } from "./description.ts";
import { StoppedError } from "../errors.ts";
import type { Doorbell } from "./doorbell.ts";
import type { SharedMemory } from "./shared_memory.ts";
import type { Source } from "./source.ts";
import {
  checkTimeout,
  checkWaitOptions,
  isTimeout,
  type Waitable,
  Waiter,
  type WaiterOptions,
  type WaitObserver,
  type WaitOptions,
} from "./waiting.ts";

/** What a handle is opened with. */
export interface HandleOptions extends WaiterOptions {
  /** Makes what the handle throws once the pipeline is told to stop. */
  stopReason?: () => Error;
  /** Whether the thread may block. False on the main thread. */
  mayBlock?: boolean;
  /** The thread's doorbell: without one, the handle cannot be selected. */
  doorbell?: Doorbell;
  /**
   * Whether a frame that a loop was left with stays in the ring until the reader is used again, or its task returns: a
   * successor of a task that has crashed gets it then.
   */
  owes?: boolean;
  /** Called once when the handle is closed. */
  onClose?: () => void;
}

/** A core whose every function throws: what a closed handle works with, so that open ones need not check. */
export function closedCore(reason: () => Error): Core {
  return new Proxy({} as Core, {
    get: () => () => {
      throw reason();
    },
  });
}

/** What both ends of a ring have in common. */
export abstract class End implements Source {
  core: Core;
  readonly name: string;
  readonly ring: number;
  readonly capacity: number;
  readonly words: Int32Array<SharedArrayBuffer>;
  /** Bytes found by the last look, 0 once they are consumed or published. */
  held = 0;
  /** Bytes that are ready or not when the end is selected: a frame, or one byte. */
  readonly unit: number;
  readonly doorbell: Doorbell | undefined;
  readonly observer: WaitObserver | undefined;
  chosen = 0;
  call = 0;
  #isShut = false;
  readonly #openCore: Core;
  readonly #waiter: Waiter;
  readonly #stopReason: () => Error;
  protected readonly mayBlock: boolean;

  constructor(memory: SharedMemory, ring: RingDescription, options: HandleOptions) {
    this.name = ring.name;
    this.core = this.#openCore = memory.core;
    this.ring = ring.address;
    this.capacity = ring.capacity;
    this.words = memory.words;
    this.unit = ring.frame?.stride ?? 1;
    this.doorbell = options.doorbell;
    this.observer = options.observer;
    this.#waiter = new Waiter(this.waitable(), ring.wait, options);
    this.#stopReason = options.stopReason ?? (() => new StoppedError("The pipeline was stopped"));
    this.mayBlock = options.mayBlock ?? true;
  }

  protected abstract waitable(): Waitable;
  abstract watch(bell: number): boolean;
  protected abstract attemptMany(unit: number, least: number, most: number): number;
  /** Where the next bytes lie in the data area. */
  abstract readonly offset: number;
  protected abstract readonly action: string;

  /** What the slowest reader that holds the writer back has not yet consumed. Works on closed handles too. */
  get unread(): number {
    return this.#openCore.ring_unread(this.ring) >>> 0;
  }

  /** Waits, after an attempt at `length` bytes has ended with `code`. An offset, `NOT_READY` or `CLOSED`. */
  protected waitAfter(code: number, length: number, timeoutMs: number): number {
    checkTimeout(timeoutMs, this.what);
    if (code !== codes.NOT_READY || timeoutMs === 0) return this.settle(code);
    if (!this.mayBlock) {
      throw new TypeError(`Cannot ${this.what}: the main thread must not block, use the async method`);
    }
    return this.settle(this.#waiter.block(length, timeoutMs));
  }

  /** Finds as many of the next bytes as there are: a multiple of `unit`, from `least` to `most`, or a negative code. */
  lookMany(unit: number, least: number, most: number, timeoutMs: number): number {
    let length = this.attemptMany(unit, least, most);
    if (length < 0 || !isTimeout(timeoutMs)) {
      length = this.waitAfter(length, least, timeoutMs);
      if (length >= 0) length = this.settle(this.attemptMany(unit, least, most));
    }
    this.held = Math.max(length, 0);
    return length;
  }

  /**
   * Finds `length` bytes without blocking the thread, and hands their offset, or a negative code, to `take` at once.
   */
  async lookAsync<Result>(
    length: number,
    options: WaitOptions,
    take: (offset: number) => Result,
  ): Promise<Result> {
    checkWaitOptions(this.what, options);
    const { timeoutMs = Infinity, signal } = options;
    const found = (code: number) => {
      // Only a successful wait may set `held`: a late time-out must not undo a look() made meanwhile.
      if (code >= 0) this.found(length);
      return take(this.settle(code));
    };
    return await this.#waiter.promise(length, timeoutMs, found, signal);
  }

  /** Whether async calls wait for a turn of the event loop first. */
  protected set takesTurns(value: boolean) {
    this.#waiter.takesTurns = value;
  }

  /** Async calls that wait. */
  protected get pendingCalls(): number {
    return this.#waiter.pending;
  }

  /** A 64-bit count at an address, which the caller's thread writes. */
  protected countAt(address: number): number {
    const at = address / 4;
    return (this.words[at] >>> 0) + (this.words[at + 1] >>> 0) * 2 ** 32;
  }

  protected get what(): string {
    return `${this.action} "${this.name}"`;
  }

  /** An async wait has found bytes. */
  protected found(length: number): void {
    this.held = length;
  }

  /** Passes a code on, unless it says that the pipeline was told to stop. */
  protected settle(code: number): number {
    if (code !== codes.STOPPED) return code;
    this.told();
    throw this.#stopReason();
  }

  /** A call on it throws, since its task was told to stop. */
  told(): void {}

  /** The length of the last look, which is done with now. */
  protected takeHeld(): number {
    const { held } = this;
    if (held === 0) throw new Error(`Cannot increment "${this.name}": look() has found no frame before`);
    this.held = 0;
    return held;
  }

  protected get openCore(): Core {
    return this.#openCore;
  }

  protected shut(message: string): void {
    this.shutBy(() => new Error(message));
  }

  protected shutBy(reason: () => Error): void {
    this.#isShut = true;
    this.held = 0;
    this.core = closedCore(reason);
    this.#waiter.disturb();
    this.doorbell?.disturb();
  }

  /** Does nothing more, and leaves the ring as it is: another thread may go on. Returns the bytes in hand. */
  desert(reason: (name: string) => Error): number {
    if (!this.isShut) this.shutBy(() => reason(`"${this.name}"`));
    return 0;
  }

  /** Whether this handle was closed. */
  get isShut(): boolean {
    return this.#isShut;
  }
}
