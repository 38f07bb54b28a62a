/** Watches over modules of others while they are loaded: they may end the program, or never finish. */

import type { MachineOptions } from "../../pipeline/machines.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { safe } from "../../safe_text.ts";
import { STDERR } from "../../terminal.ts";
import { untilDone } from "./ending.ts";

/** After so long, a person is told what is being waited for, in milliseconds. */
const LONG_MS = 5000;

/** Prints what it is sent after a while. It has a thread of its own, as the module may keep the main one busy. */
const REMINDER = `onmessage = ({ data }) => setTimeout(() => (console.error(data), close()), ${LONG_MS});`;

function reminderOf(target: string): string {
  return safe(`Still loading ${JSON.stringify(target)} after ${LONG_MS / 1000} s; Ctrl-C ends that`);
}

/** A module that is being loaded. Dispose it when that is done. */
export class Loading implements Disposable {
  readonly #undone: Disposable;
  readonly #reminder: Worker;

  constructor(target: string) {
    this.#undone = untilDone(`load ${target}`);
    this.#reminder = new Worker(`data:text/javascript,${encodeURIComponent(REMINDER)}`, { type: "module" });
    this.#reminder.postMessage(reminderOf(target));
  }

  [Symbol.dispose](): void {
    this.#undone[Symbol.dispose]();
    this.#reminder.terminate();
  }
}

/** Compiles a pipeline. The modules of its tasks are loaded in threads of theirs. */
export async function compileLoaded(pipe: Pipeline, target: string, machine: MachineOptions = {}): Promise<void> {
  const timer = setTimeout(() => STDERR.print(reminderOf(target)), LONG_MS);
  try {
    await pipe.compile(machine);
  } finally {
    clearTimeout(timer);
  }
}
