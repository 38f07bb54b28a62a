/** Doorbells: how one thread waits for any of several things in a shared memory; see `ring-wasm/src/doorbell.rs`. */

import { StoppedError } from "../errors.ts";
import { codes, layout } from "./core.generated.ts";
import type { OwnStop } from "./own_stop.ts";
import { isOwing, OWED_MS, settleOwed } from "./owed_frames.ts";
import type { Selection } from "./select.ts";
import type { SharedMemory } from "./shared_memory.ts";
import type { Source } from "./source.ts";
import { Turns } from "./turns.ts";
import { wakeWaiters } from "./waiters_word.ts";
import { isThreadAwaited, keepAlive } from "../keep_alive.ts";
import { AdaptiveSpinner, BRIEF_MS, SLICE_MS } from "./waiting.ts";

/** Bytes of a doorbell, to be reserved in an arena. */
export const DOORBELL_BYTES: number = layout.DOORBELL_BYTES;

/** What a doorbell is opened with. */
export interface DoorbellOptions {
  /** Makes what a wait throws once everybody is told to stop. */
  stopReason?: () => Error;
  /** Whether the thread may block. False on the main thread. */
  mayBlock?: boolean;
  /** Whether there are more threads than cores. */
  oversubscribed?: boolean;
  /** Tells the thread's task alone to stop. */
  ownStop?: OwnStop;
  /** Whether a promise parks the thread for a moment before it leaves it to others: that wakes it sooner. */
  parksAsync?: boolean;
}

/** A promise that is not settled. */
interface Waiting {
  readonly sources: readonly Source[];
  /** By `performance.now()`. */
  readonly deadline: number;
  readonly found: PromiseWithResolvers<number>;
  /** Whether its task was told to stop before. */
  readonly wasTold: boolean;
}

/** Which source was chosen longest ago. */
function longestAgo(sources: readonly Source[]): number {
  let found = 0;
  for (let index = 1; index < sources.length; index++) {
    if (sources[index].chosen < sources[found].chosen) found = index;
  }
  return found;
}

/** A thread looks at so many sources in the time of one round of a spinning {@link AdaptiveSpinner}. */
const SOURCES_PER_SPIN = 4;

/**
 * The doorbell of one thread. Its address, of {@link DOORBELL_BYTES}, belongs among the words that `SharedMemory.stop`
 * wakes. All sources must lie in its memory. Any number of promises may wait at a time: the thread listens once for all.
 */
export class Doorbell {
  /** The memory in which it lies. */
  readonly memory: SharedMemory;
  /** Where it lies. */
  readonly address: number;
  /** What was selected last by it: most calls wait for the same again. */
  selection: Selection | undefined;
  readonly #stopReason: () => Error;
  readonly #mayBlock: boolean;
  readonly #ownStop: OwnStop | undefined;
  readonly #parksAsync: boolean;
  readonly #spinner: AdaptiveSpinner;
  readonly #turns = new Turns();
  readonly #waiting = new Set<Waiting>();
  /** Until when it listens at the moment; -Infinity while it does not. */
  #listensUntil = -Infinity;
  #isListening = false;
  #choices = 0;

  /** Opens the doorbell of this thread. */
  constructor(memory: SharedMemory, address: number, options: DoorbellOptions = {}) {
    this.memory = memory;
    this.address = address;
    this.#stopReason = options.stopReason ?? (() => new StoppedError("The pipeline was stopped"));
    this.#mayBlock = options.mayBlock ?? true;
    this.#ownStop = options.ownStop;
    this.#parksAsync = options.parksAsync ?? false;
    this.#spinner = new AdaptiveSpinner(options.oversubscribed ?? false, this.#parksAsync);
  }

  /**
   * Blocks the thread until one of `sources` is ready: its index, or -1 if none is within `timeoutMs`. Of several, the one
   * that was chosen longest ago.
   *
   * @throws {TypeError} If the call would block the main thread.
   * @throws {StoppedError} If everybody was told to stop.
   */
  block(sources: readonly Source[], timeoutMs: number): number {
    const found = this.#find(sources, 0);
    if (found >= 0 || timeoutMs === 0) return this.#choose(sources, found);
    if (!this.#mayBlock) {
      throw new TypeError("Cannot select: the main thread must not block, use selectAsync()");
    }
    return this.#choose(sources, this.#parkObserved(sources, timeoutMs));
  }

  /** As {@link block}, without blocking the thread. Rejects once `signal` aborts. */
  wait(sources: readonly Source[], timeoutMs: number, signal?: AbortSignal): Promise<number> {
    if (this.#ownStop?.isUnwinding) {
      return this.#waitAfterTurn(sources, timeoutMs, signal).finally(() => this.#ownStop!.unwind());
    }
    if (this.#turns.isDue || signal?.aborted) return this.#waitAfterTurn(sources, timeoutMs, signal);
    try {
      const found = this.#findBriefly(sources, timeoutMs);
      if (found >= 0 || timeoutMs === 0) return Promise.resolve(this.#choose(sources, found));
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#wait(sources, timeoutMs, signal);
  }

  async #waitAfterTurn(sources: readonly Source[], timeoutMs: number, signal?: AbortSignal): Promise<number> {
    signal?.throwIfAborted();
    const until = performance.now() + timeoutMs;
    await this.#turns.take();
    signal?.throwIfAborted();
    const found = this.#find(sources, 0);
    const left = until - performance.now();
    if (found >= 0 || left <= 0) return this.#choose(sources, found);
    return await this.#wait(sources, left, signal);
  }

  async #wait(sources: readonly Source[], timeoutMs: number, signal?: AbortSignal): Promise<number> {
    const deadline = performance.now() + timeoutMs;
    const wasTold = this.#ownStop?.wasTold ?? false;
    const waiting = { sources, deadline, found: Promise.withResolvers<number>(), wasTold };
    const abort = () => {
      waiting.found.reject(signal!.reason);
      this.#forget(waiting);
    };
    signal?.addEventListener("abort", abort);
    for (const { observer } of sources) observer?.begins(false);
    try {
      this.#listenFor(waiting);
      return this.#choose(sources, await waiting.found.promise);
    } finally {
      for (const { observer } of sources) observer?.ends();
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Makes all waits of this thread on this doorbell look again. */
  disturb(): void {
    wakeWaiters(this.memory.words, this.address);
  }

  /** Which source to choose: one that is ready, or -1. Enlists `bell`, unless it is 0, with all of them if none is. */
  #find(sources: readonly Source[], bell: number): number {
    const next = longestAgo(sources);
    if (bell === 0 && sources[next].watch(0)) return next;
    let found = -1;
    let chosen = Infinity;
    for (let index = 0; index < sources.length; index++) {
      const source = sources[index];
      if (source.chosen >= chosen || !source.watch(bell)) continue;
      found = index;
      chosen = source.chosen;
    }
    return found;
  }

  /** Notes a choice, unless everybody was told to stop. */
  #choose(sources: readonly Source[], found: number): number {
    if (this.memory.stopped || this.#ownStop?.reachesCall()) throw this.#stop(sources);
    if (found >= 0) sources[found].chosen = ++this.#choices;
    return found;
  }

  /** Makes what a wait throws. */
  #stop(sources: readonly Source[]): Error {
    for (const source of sources) source.told?.();
    return this.#stopReason();
  }

  #parkObserved(sources: readonly Source[], timeoutMs: number): number {
    for (const { observer } of sources) observer?.begins(true);
    try {
      return this.#park(sources, timeoutMs);
    } finally {
      for (const { observer } of sources) observer?.ends();
    }
  }

  #park(sources: readonly Source[], timeoutMs: number): number {
    const deadline = performance.now() + timeoutMs;
    for (let left = timeoutMs; left > 0; left = deadline - performance.now()) {
      if (this.#ownStop?.reachesCall()) throw this.#stop(sources);
      const spun = this.#spin(sources);
      this.#spinner.learn(spun >= 0 ? codes.SPUN : codes.WOKEN);
      if (spun >= 0) return spun;
      const announced = this.#prepare();
      const found = this.#find(sources, this.address);
      if (found >= 0) return found;
      const longest = isOwing() ? OWED_MS : SLICE_MS;
      this.memory.core.doorbell_park(this.address, announced, Math.min(left, longest) * 1e6);
      if (isOwing()) settleOwed();
      for (const { observer } of sources) observer?.lasts();
    }
    return this.#find(sources, 0);
  }

  #spin(sources: readonly Source[]): number {
    for (let left = this.#spinner.spins * SOURCES_PER_SPIN; left > 0; left -= sources.length) {
      const found = this.#find(sources, 0);
      if (found >= 0) return found;
    }
    return -1;
  }

  #prepare(): number {
    return this.memory.core.doorbell_prepare(this.address);
  }

  /** Looks, and parks for a moment if that may help: not while the thread waits for something else, too. */
  #findBriefly(sources: readonly Source[], timeoutMs: number): number {
    const found = this.#find(sources, 0);
    const mayPark = this.#parksAsync && this.#waiting.size === 0 && !isThreadAwaited();
    if (found >= 0 || timeoutMs === 0 || !mayPark) return found;
    return this.#parkObserved(sources, Math.min(timeoutMs, BRIEF_MS));
  }

  #listenFor(waiting: Waiting): void {
    this.#waiting.add(waiting);
    if (!this.#isListening) this.#listen();
    else {
      this.#prepare();
      if (!this.#settle(waiting) && waiting.deadline < this.#listensUntil) this.disturb();
    }
  }

  /** Listens while somebody waits. */
  async #listen(): Promise<void> {
    this.#isListening = true;
    while (this.#waiting.size > 0) {
      const announced = this.#prepare();
      for (const waiting of this.#waiting) this.#settle(waiting);
      if (this.#waiting.size === 0) break;
      this.#listensUntil = Math.min(...[...this.#waiting].map(({ deadline }) => deadline));
      const left = Math.max(this.#listensUntil - performance.now(), 0);
      const longest = isOwing() ? Math.min(left, OWED_MS) : left;
      const { async, value } = Atomics.waitAsync(this.memory.words, this.address / 4, announced, longest);
      if (async) await keepAlive(value);
      if (isOwing()) settleOwed();
    }
    this.#isListening = false;
    this.#listensUntil = -Infinity;
  }

  /** Ends a wait if something is ready or its time is up: whether it did. */
  #settle(waiting: Waiting): boolean {
    try {
      const found = this.#find(waiting.sources, this.address);
      if (this.#ownStop?.reachesWait(waiting.wasTold)) throw this.#stop(waiting.sources);
      if (found < 0 && performance.now() < waiting.deadline) return false;
      waiting.found.resolve(found);
    } catch (error) {
      // A handle was closed meanwhile, or the task was told to stop.
      waiting.found.reject(error);
    }
    this.#waiting.delete(waiting);
    return true;
  }

  #forget(waiting: Waiting): void {
    // Without waiters, the doorbell stops listening.
    if (this.#waiting.delete(waiting) && this.#waiting.size === 0) this.disturb();
  }
}
