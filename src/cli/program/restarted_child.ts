/** A program that `run --restart` has started: what it knows of the one that looks after it. */

import { endProgram } from "./ending.ts";
import { STATUS } from "./exit_status.ts";

/** The variable in which the program that looks after this one says its number, and how often it has started it again. */
export const RESTARTED_BY = "RINGMILL_RESTARTED_BY";

/** How often the other program is looked for, in milliseconds. */
const LOOK_MS = 500;
/** How long a run that has failed may keep its program alive, in milliseconds: nothing else ends a thread that hangs. */
const LINGER_MS = 2000;

/** A program that is started again when it fails. */
export class RestartedChild {
  readonly #parent: number;
  /** How often it was started again: 0 the first time. */
  readonly restarts: number;
  /** Whether its tasks have begun to run. What fails before would fail again. */
  hasBegun = false;

  constructor(parent: number, restarts: number) {
    this.#parent = parent;
    this.restarts = restarts;
  }

  /** Calls `orphaned` once the program that looks after this one is gone. On Windows nobody is told. */
  watch(orphaned: () => void): Disposable {
    const timer = setInterval(() => {
      if (Deno.ppid === this.#parent) return;
      clearInterval(timer);
      orphaned();
    }, LOOK_MS);
    Deno.unrefTimer(timer);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  /** The status for the program that looks after this one. One that has failed ends soon, whatever its threads do. */
  statusOf(status: number): number {
    if (status !== STATUS.failed) return status;
    const told = this.hasBegun ? status : STATUS.cannotRun;
    Deno.unrefTimer(setTimeout(() => endProgram(told), LINGER_MS));
    return told;
  }
}

let known: RestartedChild | null | undefined;

/** This program, if `run --restart` has started it. What it starts itself is not meant. */
export function restartedChild(): RestartedChild | null {
  if (known !== undefined) return known;
  const [parent, restarts] = (Deno.env.get(RESTARTED_BY) ?? "").split(":").map(Number);
  Deno.env.delete(RESTARTED_BY);
  return known = parent === Deno.ppid ? new RestartedChild(parent, restarts) : null;
}
