/** The end of the program: at once when a command is done, and told if it comes before. */

import { detailsOf } from "../../safe_text.ts";
import { STDERR } from "../../terminal.ts";
import { STATUS } from "./exit_status.ts";

/** Whether the command line itself ends the program. */
let isMeant = false;
/** What would be left undone, the latest last. */
const undone: string[] = [];

/** Ends the program. */
export function endProgram(status: number): never {
  isMeant = true;
  Deno.exit(status);
}

function fail(reason: string): void {
  const action = undone.pop();
  if (isMeant || action === undefined) return;
  undone.length = 0;
  STDERR.printLast(`error: Cannot ${action}: ${reason}`);
  Deno.exitCode = STATUS.failed;
}

const hearExit = () => fail("it has ended the program");
/** Nothing is left that could happen. */
const hearEnd = () => fail("it waits for what never happens");

/** Modules of others may end the program, or leave nothing that goes on. Until it is disposed, that is told as a failure. */
export function untilDone(action: string): Disposable {
  if (undone.length === 0) {
    addEventListener("unload", hearExit);
    addEventListener("beforeunload", hearEnd);
  }
  undone.push(action);
  return {
    [Symbol.dispose]() {
      const at = undone.lastIndexOf(action);
      if (at >= 0) undone.splice(at, 1);
      if (undone.length > 0) return;
      removeEventListener("unload", hearExit);
      removeEventListener("beforeunload", hearEnd);
    },
  };
}

function hearUncaught(event: Event, error: unknown): void {
  if (event.defaultPrevented) return;
  event.preventDefault();
  STDERR.printLast(`error: Uncaught ${detailsOf(error)}`);
  endProgram(STATUS.failed);
}

const hearError = (event: ErrorEvent) => hearUncaught(event, event.error);
const hearRejection = (event: PromiseRejectionEvent) => hearUncaught(event, event.reason);

/**
 * Ends the program with an error that nobody catches, as Deno does, which prints it as it is. Modules that listen to such
 * errors themselves come first: called again, it is behind those that have been added.
 */
export function endOnUncaught(): void {
  removeEventListener("error", hearError);
  removeEventListener("unhandledrejection", hearRejection);
  addEventListener("error", hearError);
  addEventListener("unhandledrejection", hearRejection);
}
