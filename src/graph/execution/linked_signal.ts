/** A signal that follows others, until it is let go. */

import { onAbort } from "./abort_hub.ts";

/** Aborts when one of its sources does, or when it is told to. Keeps no trace in its sources after that, or once disposed. */
export class LinkedSignal implements Disposable {
  readonly #controller = new AbortController();
  readonly #letGo: (() => void)[];

  constructor(...sources: (AbortSignal | undefined)[]) {
    const given = sources.filter((source) => source !== undefined);
    const aborted = given.find((source) => source.aborted);
    this.#letGo = given.map((source) => onAbort(source, () => this.abort(source.reason)));
    if (aborted) this.abort(aborted.reason);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this[Symbol.dispose]();
    this.#controller.abort(reason);
  }

  [Symbol.dispose](): void {
    for (const letGo of this.#letGo) letGo();
  }
}
