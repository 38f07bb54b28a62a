/**
 * The task that every worker of a pool runs: it calls functions, one at a time, and sends back what they return.
 *
 * The next call may lie on the ring while one runs. For each there is a ticket, which is taken before the call begins: if
 * the pool has taken it back, the call was withdrawn.
 */

import type { RingReader, RingWriter } from "../../ring/ring.ts";
import type { TaskEvent } from "../../ring/task_event.ts";
import { type CallContext, CancellationListener } from "../call_context.ts";
import { reportError } from "../../worker/error_report.ts";
import { findExport, provideExport } from "../../worker/export_target.ts";
import { beginImport, endImport } from "../../worker/importing.ts";
import { encodeMessage, receiveMessage, sendMessage } from "./messages.ts";
import type { CallReply, CallRequest } from "./pool_protocol.ts";
import type { ExportTarget } from "../../worker/export_target.ts";
import type { TaskContext } from "../../manager/task_context.ts";

// deno-lint-ignore ban-types
type AnyFunction = Function;

/**
 * How long a worker blocks for its next call before it yields to its event loop: a blocked thread wakes sooner than a
 * promise.
 */
const BLOCK_MS = 1;

interface ServeEnds {
  requests: RingReader;
  replies: RingWriter;
  tickets: TaskEvent;
  cancel: TaskEvent;
}

/** Serves calls until the pool stops this worker. */
async function serveCalls(
  { requests, replies, tickets, cancel }: ServeEnds,
  task: TaskContext,
): Promise<void> {
  const listener = new CancellationListener(cancel, task);
  const functions = new FunctionTable(task.name);
  for (;;) {
    const request = await receiveMessage(requests, BLOCK_MS);
    if (request === null) return;
    const reply: CallReply = tickets.take()
      ? await answer(request as unknown as CallRequest, functions, listener.nextContext())
      : ["withdrawn"];
    await sendMessage(replies, encodeReply(reply), BLOCK_MS);
  }
}

/** What the task of a worker runs. */
export const SERVE_CALLS: ExportTarget = provideExport(import.meta.url, "serveCalls", serveCalls);

/** The functions that were called before. */
class FunctionTable {
  readonly #worker: string;
  readonly #known = new Map<string, AnyFunction>();

  constructor(worker: string) {
    this.#worker = worker;
  }

  /** The function, or why there is none. */
  async find(target: ExportTarget): Promise<AnyFunction | string> {
    const key = JSON.stringify(target);
    const found = this.#known.get(key) ?? findExport(await this.#import(target.module), target);
    if (typeof found === "function") this.#known.set(key, found);
    return found;
  }

  async #import(module: string): Promise<Readonly<Record<string, unknown>>> {
    beginImport(this.#worker);
    try {
      return await import(module);
    } finally {
      endImport();
    }
  }
}

async function answer(
  [target, wantsContext, ...args]: CallRequest,
  functions: FunctionTable,
  context: CallContext,
): Promise<CallReply> {
  let deed = "could not be imported:";
  try {
    const fn = await functions.find(target);
    if (typeof fn === "string") return ["refused", fn];
    deed = "threw";
    return ["returned", await fn(...args, ...wantsContext ? [context] : [])];
  } catch (error) {
    return ["failed", deed, reportError(error)];
  }
}

function encodeReply(reply: CallReply): Uint8Array[] {
  try {
    return encodeMessage(reply);
  } catch (error) {
    return encodeMessage(["failed", "returned what cannot be sent:", reportError(error)] satisfies CallReply);
  }
}
