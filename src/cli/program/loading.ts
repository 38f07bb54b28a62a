/** Watches over modules of others while they are loaded: they may end the program, or never finish. */

import { STDERR } from "../terminal/terminal.ts";
import { STATUS } from "./exit_status.ts";

/** After so long, a person is told what is being waited for, in milliseconds. */
const LONG_MS = 5000;

/** Prints what it is sent after a while. It has a thread of its own, as the module may keep the main one busy. */
const REMINDER = `onmessage = ({ data }) => setTimeout(() => (console.error(data), close()), ${LONG_MS});`;

/** A module that is being loaded. Dispose it when that is done. */
export class Loading implements Disposable {
  readonly #target: string;
  readonly #reminder: Worker;

  constructor(target: string) {
    this.#target = target;
    this.#reminder = new Worker(`data:text/javascript,${encodeURIComponent(REMINDER)}`, { type: "module" });
    this.#reminder.postMessage(`Still loading ${JSON.stringify(target)} after ${LONG_MS / 1000} s; Ctrl-C ends that`);
    addEventListener("unload", this.#hearExit);
    addEventListener("beforeunload", this.#hearEnd);
  }

  readonly #hearExit = (): void => this.#fail("it has ended the program");

  /** Nothing is left that could happen. */
  readonly #hearEnd = (): void => this.#fail("it waits for what never happens");

  #fail(reason: string): void {
    this[Symbol.dispose]();
    STDERR.printLast(`error: Cannot load ${this.#target}: ${reason}`);
    Deno.exitCode = STATUS.failed;
  }

  [Symbol.dispose](): void {
    removeEventListener("unload", this.#hearExit);
    removeEventListener("beforeunload", this.#hearEnd);
    this.#reminder.terminate();
  }
}
