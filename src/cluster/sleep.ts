/** Waits that a stop ends. */

/**
 * Resolves after `ms`.
 *
 * @throws The signal's reason when it aborts before.
 */
export function sleepUntil(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

/** A door that several wait at until somebody opens it. */
export class Door {
  #waiting = Promise.withResolvers<void>();

  /** Lets all through who wait. */
  open(): void {
    this.#waiting.resolve();
    this.#waiting = Promise.withResolvers<void>();
  }

  /**
   * Resolves when it is opened the next time.
   *
   * @throws The signal's reason when it aborts before.
   */
  async pass(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (!signal) return await this.#waiting.promise;
    const { promise, reject } = Promise.withResolvers<void>();
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    try {
      await Promise.race([this.#waiting.promise, promise]);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}
