/** What a person at the keyboard is told when something is wrong, and what the program exits with then. */

import { DeclarationError, LifecycleError, PipelineFileError, TaskError } from "../../errors.ts";
import type { NodeError } from "../../graph/node_error.ts";
import { cut, detailsOf } from "../../safe_text.ts";

/**
 * What the program exits with. `waiting` is for a run of a graph that has stopped for an answer. Signals add their number to 128. `cannotRun` stands for `failed` between `run --restart` and the
 * program that it starts: what is wrong would be wrong again.
 */
export const STATUS = { ended: 0, failed: 1, wrongUse: 2, waiting: 75, cannotRun: 78 } as const;

/** The command was called in a wrong way. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Something that was named on the command line is not what it should be. `cause` is what somebody else's code threw. */
export class TargetError extends Error {
  override readonly name = "TargetError";
}

/** Calls what refuses something that was named on the command line by an error whose message tells all. */
export function naming<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    throw new TargetError((error as Error).message);
  }
}

/** Their messages tell all. */
const TELLING = [UsageError, DeclarationError, LifecycleError, PipelineFileError, Deno.errors.AddrInUse];

/** The same, of graphs: also those of another copy of this package, which a module may import. */
const TELLING_OF_GRAPHS = ["RunBusyError", "RunChangedError", "LimitExceededError", "UnknownNameError"];

function tellsAll(error: unknown): error is Error {
  if (TELLING.some((kind) => error instanceof kind)) return true;
  return error instanceof Error && TELLING_OF_GRAPHS.includes(error.name);
}

function isNodeError(error: unknown): error is NodeError {
  return error instanceof Error && error.name === "NodeError" && "node" in error;
}

/** What is printed: the message, and where it comes from if that is somebody's code. */
export function explain(error: unknown): string {
  if (tellsAll(error)) return cut(`error: ${error.message}`);
  if (isNodeError(error)) return withCauses(error, { [`In node "${error.node}": `]: error.cause });
  if (error instanceof TargetError) return withCauses(error, { "": error.cause });
  if (!(error instanceof TaskError)) return `error: ${detailsOf(error)}`;
  const causes = [error, ...error.others].map(({ task, cause }) => [`In task "${task}": `, cause]);
  return withCauses(error, Object.fromEntries(causes));
}

function withCauses({ message }: Error, causes: Readonly<Record<string, unknown>>): string {
  const known = Object.entries(causes).filter(([, cause]) => cause !== undefined);
  return [cut(`error: ${message}`), ...known.map(([where, cause]) => `${where}${detailsOf(cause)}`)].join("\n");
}

/** What the program exits with after an error. */
export function statusOf(error: unknown): number {
  return error instanceof UsageError ? STATUS.wrongUse : STATUS.failed;
}
