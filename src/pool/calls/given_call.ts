/** A call that a worker of a pool was given, and how it ends. */

import { DeclarationError, StoppedError, TaskError } from "../../errors.ts";
import { rebuildError, summarizeError } from "../../worker/error_report.ts";
import type { CallReply, CallRequest } from "./pool_protocol.ts";

/** How a call's function is called in messages. */
export function functionName([{ exportName, likeness }]: CallRequest): string {
  return exportName ?? (likeness?.name || "(anonymous)");
}

/** How a call has ended. */
export type CallEnd =
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "failed"; readonly error: unknown }
  /** It was withdrawn, or its worker broke before. */
  | { readonly kind: "notBegun" };

/** A call that a worker was given. */
export class GivenCall {
  readonly name: string;
  readonly parts: readonly Uint8Array[];
  isSent = false;
  /** Is called when the worker takes the call, the first time. */
  onBegin: (() => void) | undefined;
  isWithdrawn = false;
  readonly #end: PromiseWithResolvers<CallEnd> = Promise.withResolvers();

  constructor(name: string, parts: readonly Uint8Array[]) {
    this.name = name;
    this.parts = parts;
  }

  /** Resolves when the call has ended, or it is certain that it never begins. */
  get ended(): Promise<CallEnd> {
    return this.#end.promise;
  }

  /** Settles `ended`. Only the first time counts. */
  end(end: CallEnd): void {
    this.#end.resolve(end);
  }
}

/** How a call has ended, by the worker's reply. */
export function endOf(name: string, reply: CallReply): CallEnd {
  switch (reply[0]) {
    case "returned":
      return { kind: "returned", value: reply[1] };
    case "withdrawn":
      return { kind: "notBegun" };
    case "refused":
      return { kind: "failed", error: new DeclarationError(`Cannot run "${name}" in a worker: ${reply[1]}`) };
    case "failed": {
      const [, deed, report] = reply;
      const error = new TaskError(name, `it ${deed} ${summarizeError(report)}`, { cause: rebuildError(report) });
      return { kind: "failed", error };
    }
  }
}

/** Why a call has failed whose worker broke. */
export function failureOf(name: string, error: unknown, wasClosed: boolean): unknown {
  if (error instanceof TaskError) return new TaskError(name, error.reason, { cause: error.cause });
  return wasClosed ? new StoppedError(`Cannot finish "${name}": its worker was closed`, { cause: error }) : error;
}
