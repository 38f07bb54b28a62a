/** Ctrl-C, and the request of the system to end. */

import { constants } from "node:os";
import { endProgram } from "./ending.ts";

const SIGNALS: readonly Ending[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];

type Ending = "SIGINT" | "SIGTERM";

/** Hears the signals that ask to end, until it is disposed. The first one is told, the second one ends the program. */
export class Interruption implements Disposable {
  readonly #listeners = SIGNALS.map((signal) => ({ signal, hear: () => this.#hear(signal) }));
  readonly #onFirst: (signal: Ending) => void;
  readonly #onSecond: (status: number) => void;
  #status: number | undefined;

  /** `onSecond` is called for each signal after the first. */
  constructor(onFirst: (signal: Ending) => void, onSecond: (status: number) => void = endProgram) {
    this.#onFirst = onFirst;
    this.#onSecond = onSecond;
    for (const { signal, hear } of this.#listeners) Deno.addSignalListener(signal, hear);
  }

  /** What the program exits with for the first signal, if there was one. */
  get status(): number | undefined {
    return this.#status;
  }

  #hear(signal: Ending): void {
    const status = 128 + constants.signals[signal];
    if (this.#status !== undefined) return this.#onSecond(status);
    this.#status = status;
    this.#onFirst(signal);
  }

  /** As if the signal had come. */
  interrupt(signal: Ending): void {
    if (this.#status === undefined) this.#hear(signal);
  }

  /** Signals do again what they do by themselves. */
  [Symbol.dispose](): void {
    for (const { signal, hear } of this.#listeners) Deno.removeSignalListener(signal, hear);
  }
}
