/** Waiting, as all handles do it: on a worker by spinning and parking, on the main thread by a promise. */

import { codes } from "./core.generated.ts";
import { checkOptions, checkRule, duration, type Rules, signal } from "../rules.ts";
import { isThreadAwaited, keepAlive } from "../keep_alive.ts";
import type { OwnStop } from "./own_stop.ts";
import { isOwing, OWED_MS, settleOwed } from "./owed_frames.ts";
import { Turns } from "./turns.ts";
import { wakeWaiters } from "./waiters_word.ts";
import { within } from "./within.ts";

/** How a blocked call waits: spin for a while and then park, only spin, or park at once. */
export type WaitStrategy = "adaptive" | "spin" | "park";

/** Something a thread can wait for: so many bytes of a ring (`wanted`), or an event (which ignores it), for instance. */
export interface Waitable<Wanted = number> {
  /** Tries once: a code of the core, of which `NOT_READY` alone means to go on waiting. */
  attempt(wanted: Wanted): number;
  /** Spins and then parks for at most `nanoseconds`, if that is not 0: a code that says how that ended. */
  park(wanted: Wanted, spins: number, nanoseconds: number): number;
  /** Announces this waiter: 0 if there is something to try already, otherwise what the waiters word is until then. */
  prepare(wanted: Wanted): number;
  /** The memory's words, and the index of the waiters word among them. */
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly waiters: number;
}

/** Hears when a thread waits. */
export interface WaitObserver {
  /** A wait begins. `isBlocked`: the thread does nothing else meanwhile. */
  begins(isBlocked: boolean): void;
  /** The wait of a blocked thread goes on. */
  lasts(): void;
  /** A wait that has begun is over. */
  ends(): void;
}

/** Decides how long to spin before parking. */
export interface Spinner {
  /** Rounds to spin before the next park. */
  readonly spins: number;
  /** Whether to park at all. */
  readonly parks: boolean;
  /** Learns how the last wait ended: `SPUN`, `WOKEN` or `TIMED_OUT`. */
  learn(ending: number): void;
}

/** A round takes some tens of nanoseconds; the most of them take about as long as to park and to be woken. */
const MOST_SPINS = 512;

/** How an adaptive wait spins where that does not pay. */
interface Reserve {
  /** The fewest spins. */
  readonly fewest: number;
  /** At every so many parks it tries out spinning: the peers may have got a core each. */
  readonly parksPerTrial: number;
  /** Spins of a trial. */
  readonly trial: number;
}

/**
 * Where every task has a core, a peer that is awake answers within these rounds. With fewer, two tasks that take turns
 * could go on parking for each other.
 */
const ROOMY: Reserve = { fewest: 128, parksPerTrial: 64, trial: 4 * MOST_SPINS };
/** Spins where tasks outnumber cores: each takes time from another task. */
const OVERSUBSCRIBED: Reserve = { fewest: 8, parksPerTrial: 128, trial: MOST_SPINS };
/** For promises: a peer that serialises its answer takes longer, and so does waking one that is parked. */
const PROMISED: Reserve = { fewest: 256, parksPerTrial: 8, trial: 4 * MOST_SPINS };

/** Spins for as long as spinning has paid off lately: a peer on another core answers sooner than a park takes. */
export class AdaptiveSpinner implements Spinner {
  readonly parks = true;
  spins = navigator.hardwareConcurrency > 1 ? MOST_SPINS : 0;
  readonly #reserve: Reserve;
  #parks = 0;

  constructor(oversubscribed: boolean, isAsync: boolean) {
    this.#reserve = oversubscribed ? OVERSUBSCRIBED : isAsync ? PROMISED : ROOMY;
  }

  learn(ending: number): void {
    if (this.spins === 0) return;
    if (ending === codes.SPUN) this.spins = Math.min(this.spins * 2, MOST_SPINS);
    else if (++this.#parks % this.#reserve.parksPerTrial === 0) this.spins = this.#reserve.trial;
    else this.spins = Math.max(this.spins / 4, this.#reserve.fewest);
  }
}

class BusySpinner implements Spinner {
  readonly parks = false;
  readonly spins = MOST_SPINS;
  learn(): void {}
}

class ParkingSpinner implements Spinner {
  readonly parks = true;
  readonly spins = 0;
  learn(): void {}
}

const SPINNERS: { readonly [Name in WaitStrategy]: new (oversubscribed: boolean, isAsync: boolean) => Spinner } = {
  adaptive: AdaptiveSpinner,
  spin: BusySpinner,
  park: ParkingSpinner,
};

/** The names of the strategies. */
export const WAIT_STRATEGIES: readonly WaitStrategy[] = Object.keys(SPINNERS) as WaitStrategy[];

/** The longest park: a worker that is being terminated comes back from it. */
export const SLICE_MS = 1000;

/** The longest park of a promise, which holds up all else on its thread. To be woken from one takes half as long as by promise. */
export const BRIEF_MS = 0.5;

/** Whether a value is a time-out: a number from 0 to `Infinity`. */
export function isTimeout(timeoutMs: unknown): boolean {
  return typeof timeoutMs === "number" && timeoutMs >= 0;
}

/** Throws unless `timeoutMs` is a number from 0 to `Infinity`. `action` says what was to wait. */
export function checkTimeout(timeoutMs: number, action: string): void {
  if (isTimeout(timeoutMs)) return;
  checkRule(action, "timeoutMs", duration, timeoutMs);
}

/** How long an async call waits, and what ends the wait early. */
export interface WaitOptions {
  /**
   * The longest wait in milliseconds, 0 to `Infinity`.
   *
   * @default {Infinity}
   */
  timeoutMs?: number;
  /** Ends the wait when it aborts: the call rejects with its reason, and nothing is taken. */
  signal?: AbortSignal;
}

/** What each option of an async wait must be. */
export const WAIT_RULES = { timeoutMs: duration, signal } satisfies Rules;

/**
 * Checks the options of an async wait. `action` says what is to wait.
 *
 * @throws {TypeError} If they are a bare number or of another wrong kind.
 * @throws {RangeError} If `timeoutMs` is out of range.
 */
export function checkWaitOptions(action: string, options: WaitOptions): void {
  if (typeof options === "number") {
    const received = Deno.inspect(options);
    throw new TypeError(`Cannot ${action}: a time-out is an option, { timeoutMs: ${received} }, received ${received}`);
  }
  checkOptions(action, options, WAIT_RULES);
}

/** What a {@link Waiter} may be told. */
export interface WaiterOptions {
  /** Hears when the thread waits. */
  observer?: WaitObserver;
  /** Whether there are more tasks than cores. */
  oversubscribed?: boolean;
  /** Tells the thread's task alone to stop. */
  ownStop?: OwnStop;
  /** Whether promises spin as well, for a moment, before they leave the thread to others. */
  spinsAsync?: boolean;
  /** Whether they are parked for a moment then: that wakes them sooner. */
  parksAsync?: boolean;
}

/** Waits on behalf of one handle. */
export class Waiter<Wanted = number> {
  readonly #target: Waitable<Wanted>;
  readonly #spinner: Spinner;
  readonly #spinsAsync: boolean;
  readonly #parksAsync: boolean;
  readonly #observer: WaitObserver | undefined;
  readonly #ownStop: OwnStop | undefined;
  readonly #loop = new Turns();
  /** Whether promises wait for a turn of the event loop first: by then all parts of the task have called that will. */
  takesTurns = false;
  #pending = 0;
  /** Resolves when all promises so far are settled. */
  #turns: Promise<void> = Promise.resolve();

  /** A waiter for `target` by `strategy`. */
  constructor(target: Waitable<Wanted>, strategy: WaitStrategy, options: WaiterOptions = {}) {
    const { observer, oversubscribed = false, spinsAsync = false, parksAsync = false } = options;
    this.#target = target;
    this.#observer = observer;
    this.#ownStop = options.ownStop;
    this.#spinner = new SPINNERS[strategy](oversubscribed, spinsAsync);
    this.#spinsAsync = spinsAsync;
    this.#parksAsync = parksAsync;
  }

  /** Promises that are not settled yet. */
  get pending(): number {
    return this.#pending;
  }

  /** Blocks this thread until an attempt ends with anything but `NOT_READY`, or the time is up. Returns its code. */
  block(wanted: Wanted, timeoutMs: number): number {
    this.#observer?.begins(true);
    try {
      return this.#block(wanted, timeoutMs);
    } finally {
      this.#observer?.ends();
    }
  }

  #block(wanted: Wanted, timeoutMs: number): number {
    const deadline = timeoutMs === Infinity ? Infinity : performance.now() + timeoutMs;
    for (;;) {
      if (this.#ownStop?.reachesCall()) return codes.STOPPED;
      const longest = isOwing() ? OWED_MS : SLICE_MS;
      const left = deadline === Infinity ? longest : Math.min(deadline - performance.now(), longest);
      if (left <= 0) return this.#target.attempt(wanted);
      const nanoseconds = this.#spinner.parks ? left * 1e6 : 0;
      this.#spinner.learn(this.#target.park(wanted, this.#spinner.spins, nanoseconds));
      const code = this.#target.attempt(wanted);
      if (code !== codes.NOT_READY) return code;
      if (isOwing()) settleOwed();
      this.#observer?.lasts();
    }
  }

  /**
   * As `block`, without blocking the thread: neither by parking, nor by never giving its event loop a turn. Hands the code
   * to `take` at once, before anything else on this thread can change what was found. Calls take turns. Rejects once
   * `signal` aborts.
   */
  promise<Result>(
    wanted: Wanted,
    timeoutMs: number,
    take: (code: number) => Result,
    signal?: AbortSignal,
  ): Promise<Result> {
    const isDue = this.#loop.isDue || this.takesTurns;
    if (this.#pending > 0 || isDue || signal?.aborted) return this.#promise(wanted, timeoutMs, take, isDue, signal);
    // Fast path: what is there already skips the async function below.
    try {
      const code = this.#attemptBriefly(wanted, timeoutMs);
      if (code === codes.NOT_READY && timeoutMs > 0) return this.#promise(wanted, timeoutMs, take, false, signal);
      return Promise.resolve(take(code));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #promise<Result>(
    wanted: Wanted,
    timeoutMs: number,
    take: (code: number) => Result,
    isDue: boolean,
    signal?: AbortSignal,
  ): Promise<Result> {
    const deadline = timeoutMs === Infinity ? Infinity : performance.now() + timeoutMs;
    const before = this.#turns;
    const own = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    this.#turns = before.then(() => own.promise);
    const abort = () => {
      aborted.resolve();
      this.disturb();
    };
    let isObserved = false;
    const wasTold = this.#ownStop?.wasTold ?? false;
    const isUnwinding = this.#ownStop?.isUnwinding;
    signal?.addEventListener("abort", abort);
    try {
      if (this.#pending++ > 0) {
        const turn = signal ? Promise.race([before, aborted.promise]) : before;
        const inTime = await within(turn, timeoutMs);
        signal?.throwIfAborted();
        if (!inTime) return take(codes.NOT_READY);
      }
      if (isDue) await this.#loop.take();
      for (;;) {
        if (isUnwinding) this.#ownStop!.unwind();
        signal?.throwIfAborted();
        if (!wasTold && this.#ownStop?.kind) {
          // By the next turn, each part of the task that has one now has called. Told later, it might never hear.
          await this.#loop.take();
          this.#ownStop.notice();
          return take(codes.STOPPED);
        }
        const code = this.#target.attempt(wanted);
        if (code !== codes.NOT_READY || performance.now() >= deadline) return take(code);
        const announced = this.#target.prepare(wanted);
        if (announced === 0) continue;
        // Behind the announcement: who tells the task later wakes this wait.
        if (this.#ownStop?.reachesWait(wasTold)) return take(codes.STOPPED);
        const { words, waiters } = this.#target;
        const left = deadline - performance.now();
        const longest = isOwing() ? Math.min(left, OWED_MS) : left;
        const { async, value } = Atomics.waitAsync(words, waiters, announced, longest);
        if (!isObserved) this.#observer?.begins(false);
        isObserved = true;
        if (async && await keepAlive(value) === "timed-out" && isOwing()) settleOwed();
      }
    } finally {
      signal?.removeEventListener("abort", abort);
      if (isObserved) this.#observer?.ends();
      this.#pending--;
      own.resolve();
    }
  }

  /** Tries, and blocks the thread for a moment if that may help: not while it waits for something else, too. */
  #attemptBriefly(wanted: Wanted, timeoutMs: number): number {
    const code = this.#target.attempt(wanted);
    if (code !== codes.NOT_READY || timeoutMs === 0 || !this.#spinsAsync || isThreadAwaited()) return code;
    const nanoseconds = this.#parksAsync ? Math.min(timeoutMs, BRIEF_MS) * 1e6 : 0;
    this.#spinner.learn(this.#target.park(wanted, this.#spinner.spins, nanoseconds));
    return this.#target.attempt(wanted);
  }

  /** Makes waits of this thread try again: what they try has changed. It disturbs other waiters, but harms none. */
  disturb(): void {
    wakeWaiters(this.#target.words, this.#target.waiters * 4);
  }
}
