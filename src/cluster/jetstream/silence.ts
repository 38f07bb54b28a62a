/** How long servers have not answered, and what follows from it: a word on the terminal, and the end. */

import { TransportError } from "../errors.ts";
import { tell } from "../../notices.ts";
import type { NatsEndpoint } from "../transport.ts";

/** After so long without an answer the terminal hears of it. */
const WARN_MS = 5000;

/** The silence of an endpoint's servers. */
export class Silence {
  readonly #action: string;
  readonly #where: string;
  readonly #giveUpMs: number;
  /** Since when they have not answered. */
  #since: number | undefined;
  #isWarned = false;

  constructor({ servers, options }: NatsEndpoint, action: string) {
    this.#action = action;
    this.#where = servers.join(", ");
    this.#giveUpMs = options.giveUpMs ?? Infinity;
  }

  /** A server has answered. Whether none had before. */
  end(): boolean {
    const wasSilent = this.#since !== undefined;
    if (this.#isWarned) tell(`${this.#where} answers again`);
    this.#since = undefined;
    this.#isWarned = false;
    return wasSilent;
  }

  /**
   * None has answered.
   *
   * @throws {TransportError} If that is so for too long.
   */
  goOn(cause: unknown): void {
    this.#since ??= performance.now();
    const silentMs = performance.now() - this.#since;
    const { message } = cause as Error;
    if (silentMs >= this.#giveUpMs) {
      const what = `did not answer for ${Math.round(silentMs)} ms: ${message}; giveUpMs is ${this.#giveUpMs}`;
      throw new TransportError(`Cannot ${this.#action}: ${this.#where} ${what}`, { cause });
    }
    if (silentMs < WARN_MS || this.#isWarned) return;
    this.#isWarned = true;
    tell(`Cannot ${this.#action} at the moment: ${this.#where}: ${message}; it is tried again`);
  }
}
