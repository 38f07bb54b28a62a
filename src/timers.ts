/** Timers that keep what they say: for any number of milliseconds, and in programs that are busy. */

/** How long what is told to stop has to do so, unless options say otherwise, in milliseconds. Docs of `graceMs` say it, too. */
export const DEFAULT_GRACE_MS = 1000;

/** A timer of the platform cannot wait longer than this: it would fire at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;

/** A timer that fires this much too late, in milliseconds, tells of a thread that was busy with something else. */
export const LATE_MS = 5;

/** A callback that is to come. */
export class Timer implements Disposable {
  readonly #callback: () => void;
  #id: ReturnType<typeof setTimeout> | undefined;

  /** Calls `callback` after `ms`, however many; for `Infinity` never. */
  constructor(ms: number, callback: () => void) {
    this.#callback = callback;
    this.#wait(ms);
  }

  #wait(ms: number): void {
    if (ms === Infinity) return;
    if (ms > LONGEST_TIMER_MS) this.#id = setTimeout(() => this.#wait(ms - LONGEST_TIMER_MS), LONGEST_TIMER_MS);
    else this.#id = setTimeout(this.#callback, ms);
  }

  /** The callback will not be called. */
  cancel(): void {
    if (this.#id !== undefined) clearTimeout(this.#id);
    this.#id = undefined;
  }

  /** As {@link cancel}. */
  [Symbol.dispose](): void {
    this.cancel();
  }
}

/**
 * A time that may be exceeded, in which pauses do not count. If the thread is busy with something else when it is over, it
 * listens once more, for as long as it was late: it has not heard of what came in time.
 */
export class Deadline implements Disposable {
  readonly #callback: () => void;
  #leftMs: number;
  #startedAt = 0;
  #timer: Timer | undefined;
  #pauses = 0;
  #isOver = false;

  /** Calls `callback` when `ms` are over. */
  constructor(ms: number, callback: () => void) {
    this.#leftMs = ms;
    this.#callback = callback;
    this.#run();
  }

  #run(): void {
    if (this.#leftMs === Infinity) return;
    this.#startedAt = performance.now();
    this.#timer = new Timer(this.#leftMs, () => this.#fire());
  }

  #fire(): void {
    const late = performance.now() - this.#startedAt - this.#leftMs;
    if (late <= LATE_MS) return this.#expire();
    this.#timer = new Timer(late, () => this.#expire());
  }

  #expire(): void {
    this.#isOver = true;
    this.#callback();
  }

  /** What passes from now on does not count, until the function that is returned has been called. */
  pause(): () => void {
    if (this.#pauses++ === 0 && this.#timer) this.#stop();
    let isPaused = true;
    return () => {
      if (!isPaused) return;
      isPaused = false;
      if (--this.#pauses === 0 && !this.#isOver) this.#run();
    };
  }

  #stop(): void {
    this.#timer!.cancel();
    this.#leftMs = Math.max(0, this.#leftMs - (performance.now() - this.#startedAt));
  }

  /** The callback will not be called. */
  cancel(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  /** As {@link cancel}. */
  [Symbol.dispose](): void {
    this.cancel();
  }
}

/** Resolves after `ms`, or rejects with the signal's reason when that aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  using _timer = new Timer(ms, resolve);
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
