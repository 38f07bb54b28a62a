/** Many listeners on one signal: the platform takes as long to add or remove one as there are others. */

/** By signal: what is called when it aborts. */
const hubs = new WeakMap<AbortSignal, AbortHub>();

class AbortHub {
  readonly #signal: AbortSignal;
  readonly #callbacks = new Set<() => void>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  readonly #abort = (): void => {
    for (const callback of [...this.#callbacks]) callback();
  };

  add(callback: () => void): void {
    if (this.#callbacks.size === 0) this.#signal.addEventListener("abort", this.#abort);
    this.#callbacks.add(callback);
  }

  delete(callback: () => void): void {
    if (this.#callbacks.delete(callback) && this.#callbacks.size === 0) {
      this.#signal.removeEventListener("abort", this.#abort);
    }
  }
}

/** Calls `callback` when a signal aborts, until the function that is returned is called. Leaves nothing in the signal then. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const hub = hubs.get(signal) ?? new AbortHub(signal);
  hubs.set(signal, hub);
  hub.add(callback);
  return () => hub.delete(callback);
}
