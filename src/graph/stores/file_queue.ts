/** Accesses to a file that other programs use, too: in order, and without holding up the program. */

import { isBusy, nap, patiently } from "./sqlite_file.ts";

/** Milliseconds that an access waits on the spot: most others are done by then. */
const ON_THE_SPOT_MS = 5;

/** An access that waits for others. */
interface WaitingAccess {
  readonly until: number;
  /** Tries it. False if somebody else holds the file, and there is time left. */
  attempt(isLast: boolean): boolean;
}

/** What a file is asked to do. */
export class FileQueue {
  readonly #busyTimeoutMs: number;
  readonly #waiting: WaitingAccess[] = [];

  /** Accesses fail after `busyTimeoutMs`. */
  constructor(busyTimeoutMs: number) {
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  /** Does something at once, or, if somebody else holds the file, as soon as it is free: after what came before. */
  do<Result>(work: () => Result): Result | Promise<Result> {
    if (this.#waiting.length > 0) return this.#wait(work);
    return this.read(work);
  }

  /** The same for what need not wait for what came before. */
  read<Result>(work: () => Result): Result | Promise<Result> {
    try {
      return patiently(Math.min(ON_THE_SPOT_MS, this.#busyTimeoutMs), work);
    } catch (error) {
      if (!isBusy(error) || this.#busyTimeoutMs <= ON_THE_SPOT_MS) throw error;
      return this.#wait(work);
    }
  }

  #wait<Result>(work: () => Result): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const until = performance.now() + this.#busyTimeoutMs;
    const attempt = (isLast: boolean) => {
      try {
        resolve(work());
      } catch (error) {
        if (isBusy(error) && !isLast) return false;
        reject(error);
      }
      return true;
    };
    this.#waiting.push({ until, attempt });
    if (this.#waiting.length === 1) this.#serve();
    return promise;
  }

  async #serve(): Promise<void> {
    while (this.#waiting.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, nap()));
      while (this.#serveFirst()) {
        // As long as the file is free.
      }
    }
  }

  #serveFirst(): boolean {
    const first = this.#waiting.at(0);
    if (!first?.attempt(performance.now() >= first.until)) return false;
    this.#waiting.shift();
    return true;
  }

  /** Does what waits now, before the file is closed: nothing is lost, unless the file stays busy. */
  finish(): void {
    for (const { attempt } of this.#waiting.splice(0)) {
      const until = performance.now() + this.#busyTimeoutMs;
      try {
        patiently(this.#busyTimeoutMs, () => {
          if (!attempt(performance.now() >= until)) throw new Error("database is locked");
        });
      } catch {
        attempt(true);
      }
    }
  }
}
