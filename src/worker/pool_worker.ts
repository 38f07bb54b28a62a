/** One worker of a pool, seen from the thread that owns the pool. */

import { DeclarationError, StoppedError, TaskError } from "../errors.ts";
import type { RingReader, RingWriter } from "../ring/ring.ts";
import type { AsyncTaskEvent } from "../ring/task_event.ts";
import { rebuildError, summarizeError } from "./error_report.ts";
import { Manager } from "./manager.ts";
import { encodeMessage, receiveMessage, sendMessage } from "./messages.ts";
import type { CallReply, CallRequest } from "./pool_protocol.ts";
// Also for its file: `deno compile` embeds what is imported somewhere.
import { serveCalls } from "./serve_calls.ts";
import type { TaskPermissions } from "./task_worker.ts";

/** What a {@link PoolWorker} is started with. */
export interface PoolWorkerOptions {
  /** For messages. */
  readonly name: string;
  /** How long a function may take to notice that its pool is closed. */
  readonly graceMs: number;
  /** Deno's permissions of the worker. */
  readonly permissions?: TaskPermissions;
}

/** Bytes of each of the two rings. Longer messages go in pieces. */
const RING_BYTES = 256 * 1024;

/** How a call's function is called in messages. */
export function functionName([{ exportName, likeness }]: CallRequest): string {
  return exportName ?? (likeness?.name || "(anonymous)");
}

/** A worker that runs one call at a time. It starts at once. */
export class PoolWorker {
  /** Resolves when the worker has ended: to the reason, if it was not told to. Never rejects. */
  readonly ended: Promise<Error | null>;
  readonly #manager: Manager;
  readonly #started: Promise<void>;
  readonly #requests: RingWriter;
  readonly #replies: RingReader;
  readonly #cancel: AsyncTaskEvent;
  /** The function that is being called. */
  #function: string | undefined;
  #isCancelled = false;
  #isUsable = true;

  /** Starts a worker. */
  constructor({ name, graceMs, permissions }: PoolWorkerOptions) {
    const manager = this.#manager = new Manager(name, { graceMs });
    for (const ring of ["requests", "replies"]) manager.addRing({ name: ring, bytes: RING_BYTES });
    manager.addEvent({ name: "cancel" });
    manager.addTask({
      name,
      fn: serveCalls.name,
      module: new URL("./serve_calls.ts", import.meta.url).href,
      reads: { requests: "requests" },
      writes: { replies: "replies" },
      events: { cancel: "cancel" },
      permissions,
    });
    this.#requests = manager.openWriter("requests");
    this.#replies = manager.openReader("replies");
    this.#cancel = manager.openEvent("cancel");
    this.#started = manager.start();
    this.ended = this.#started.then(() => manager.join()).then(() => null, (error) => error);
  }

  /** Whether it can be called: neither closed nor broken. */
  get isUsable(): boolean {
    return this.#isUsable;
  }

  /**
   * Runs a call and returns what its function returned.
   *
   * @throws {TaskError} If the function failed, or the worker did.
   * @throws {DeclarationError} If there is no such function.
   * @throws {StoppedError} If the worker was closed.
   * @throws {Error} If an argument cannot be cloned.
   */
  async call(request: CallRequest): Promise<unknown> {
    const name = functionName(request), parts = encodeMessage(request);
    this.#function = name;
    this.#isCancelled = false;
    try {
      return takeReply(name, await this.#exchange(name, parts));
    } finally {
      this.#function = undefined;
    }
  }

  async #exchange(name: string, parts: readonly Uint8Array[]): Promise<CallReply> {
    await this.#started.catch((error) => this.#breakDown(name, error));
    if (this.#isCancelled) throw new StoppedError(`Cannot run "${name}": the call was cancelled`);
    this.#cancel.reset();
    return await this.#send(parts).catch((error) => this.#breakDown(name, error));
  }

  async #send(parts: readonly Uint8Array[]): Promise<CallReply> {
    await sendMessage(this.#requests, parts);
    return await receiveMessage(this.#replies) as unknown as CallReply;
  }

  #breakDown(name: string, error: unknown): never {
    const wasClosed = !this.#isUsable || error instanceof StoppedError;
    this.#isUsable = false;
    if (error instanceof TaskError) throw new TaskError(name, error.reason, { cause: error.cause });
    if (wasClosed) throw new StoppedError(`Cannot finish "${name}": its worker was closed`, { cause: error });
    throw error;
  }

  /** Tells the function that runs that its call is cancelled. */
  cancel(): void {
    this.#isCancelled = true;
    try {
      this.#cancel.signal();
    } catch {
      // It has not been started yet, or it has ended.
    }
  }

  /**
   * Ends the worker, as soon as the function that runs has returned or the grace period is over.
   *
   * @throws {TaskError} If the function ignored it.
   */
  async close(): Promise<void> {
    // Without a call nobody ignores anything: the machine is slow.
    const called = this.#isUsable ? this.#function : undefined;
    this.#isUsable = false;
    await this.#manager.close().catch(() => {});
    const failure = await this.ended;
    if (called !== undefined && failure instanceof TaskError) throw new TaskError(called, failure.reason);
  }
}

function takeReply(name: string, reply: CallReply): unknown {
  switch (reply[0]) {
    case "returned":
      return reply[1];
    case "refused":
      throw new DeclarationError(`Cannot run "${name}" in a worker: ${reply[1]}`);
    case "failed": {
      const [, deed, report] = reply;
      throw new TaskError(name, `it ${deed} ${summarizeError(report)}`, { cause: rebuildError(report) });
    }
  }
}
