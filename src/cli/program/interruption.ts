/** Ctrl-C, and the request of the system to end. */

import { constants } from "node:os";

const SIGNALS = (Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"]) as ("SIGINT" | "SIGTERM")[];

/** Hears the signals that ask to end, until it is disposed. The first one is told, the second one ends the program. */
export class Interruption implements Disposable {
  readonly #listeners = SIGNALS.map((signal) => ({ signal, hear: () => this.#hear(signal) }));
  readonly #onFirst: () => void;
  #status: number | undefined;

  constructor(onFirst: () => void) {
    this.#onFirst = onFirst;
    for (const { signal, hear } of this.#listeners) Deno.addSignalListener(signal, hear);
  }

  /** What the program exits with for the first signal, if there was one. */
  get status(): number | undefined {
    return this.#status;
  }

  #hear(signal: "SIGINT" | "SIGTERM"): void {
    const status = 128 + constants.signals[signal];
    if (this.#status !== undefined) Deno.exit(status);
    this.#status = status;
    this.#onFirst();
  }

  /** Signals do again what they do by themselves. */
  [Symbol.dispose](): void {
    for (const { signal, hear } of this.#listeners) Deno.removeSignalListener(signal, hear);
  }
}
