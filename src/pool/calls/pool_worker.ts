/** One worker of a pool, seen from the thread that owns the pool. */

import { StoppedError, TaskError } from "../../errors.ts";
import type { RingReader, RingWriter } from "../../ring/ring.ts";
import type { AsyncTaskEvent } from "../../ring/task_event.ts";
import { endOf, failureOf, functionName, GivenCall } from "./given_call.ts";
import { Manager } from "../../manager/manager.ts";
import { encodeMessage, receiveMessage, sendMessage } from "./messages.ts";
import type { CallReply, CallRequest } from "./pool_protocol.ts";
import { SERVE_CALLS } from "./serve_calls.ts";
import type { TaskPermissions } from "../../worker/permitted_worker.ts";

/** What a {@link PoolWorker} is started with. */
export interface PoolWorkerOptions {
  /** For messages. */
  readonly name: string;
  /** How long a function may take to notice that its pool is closed. */
  readonly graceMs: number;
  /** Deno's permissions of the worker. */
  readonly permissions?: TaskPermissions;
  /** Is told whenever the worker is done with a call, or broken. */
  readonly onFree: (worker: PoolWorker) => void;
  /** Is told when the worker has started. */
  readonly onReady: () => void;
}

/** Bytes of each of the two rings. Longer messages go in pieces. */
const RING_BYTES = 256 * 1024;

/** The most calls that a worker has: one runs, and the next lies ready. */
const MOST_CALLS = 2;

/**
 * A worker that runs one call at a time. It starts at once. While a call runs it may be given another one, so that it need
 * not wait for the pool in between; that one can be withdrawn until it begins.
 */
export class PoolWorker {
  /** Resolves when the worker has ended: to the reason, if it was not told to. Never rejects. */
  readonly ended: Promise<Error | null>;
  readonly #onFree: (worker: PoolWorker) => void;
  readonly #manager: Manager;
  readonly #started: Promise<void>;
  readonly #requests: RingWriter;
  readonly #replies: RingReader;
  /** One for each call that was sent and has not begun. */
  readonly #tickets: AsyncTaskEvent;
  readonly #cancel: AsyncTaskEvent;
  /** In the order in which they run. Those that were sent and then withdrawn count until the worker has passed them. */
  readonly #calls: GivenCall[] = [];
  /** Resolves when all calls so far are sent. Never rejects. */
  #sending: Promise<void> = Promise.resolve();
  #isReceiving = false;
  /** Whether the call that runs was cancelled. */
  #isCancelled = false;
  #isUsable = true;
  #isReady = false;

  /** Starts a worker. */
  constructor({ name, graceMs, permissions, onFree, onReady }: PoolWorkerOptions) {
    this.#onFree = onFree;
    const manager = this.#manager = new Manager(name, { graceMs });
    for (const ring of ["requests", "replies"]) manager.addRing({ name: ring, bytes: RING_BYTES });
    for (const event of ["tickets", "cancel"]) manager.addEvent({ name: event });
    manager.addTask({
      name,
      fn: SERVE_CALLS.exportName!,
      module: SERVE_CALLS.module,
      reads: { requests: "requests" },
      writes: { replies: "replies" },
      events: { tickets: "tickets", cancel: "cancel" },
      permissions,
    });
    this.#requests = manager.openWriter("requests");
    this.#replies = manager.openReader("replies");
    this.#tickets = manager.openEvent("tickets");
    this.#cancel = manager.openEvent("cancel");
    this.#started = manager.start();
    this.#started.then(() => {
      this.#isReady = true;
      onReady();
    }, () => {});
    this.ended = this.#started.then(() => manager.join()).then(() => null, (error) => error);
  }

  /** Whether it can be called: neither closed nor broken. */
  get isUsable(): boolean {
    return this.#isUsable;
  }

  /** Whether it has started. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** How many calls it has. */
  get load(): number {
    return this.#calls.length;
  }

  /** Whether it takes another call: none while one that was withdrawn lies on its ring, nor behind one that may hang. */
  get takesCalls(): boolean {
    return this.#isUsable && !this.#isCancelled && this.#calls.length < MOST_CALLS && !this.#calls.at(-1)?.isWithdrawn;
  }

  /**
   * Gives it a call.
   *
   * @throws {Error} If an argument cannot be cloned.
   */
  give(request: CallRequest, onBegin?: () => void): GivenCall {
    const call = new GivenCall(functionName(request), encodeMessage(request));
    call.onBegin = onBegin;
    this.#calls.push(call);
    this.#sending = this.#send(call, this.#sending);
    return call;
  }

  async #send(call: GivenCall, before: Promise<void>): Promise<void> {
    try {
      await before;
      await this.#started;
      if (call.isWithdrawn) return;
      if (call === this.#calls[0]) this.#cancel.reset();
      call.isSent = true;
      this.#tickets.signal();
      this.#beginFirst();
      if (!this.#isReceiving) this.#receive();
      await sendMessage(this.#requests, call.parts);
    } catch (error) {
      this.#breakDown(error);
    }
  }

  /** The call that is first, once it is sent, is the one that runs. */
  #beginFirst(): void {
    const [call] = this.#calls;
    if (!call?.isSent || call.isWithdrawn) return;
    call.onBegin?.();
    call.onBegin = undefined;
  }

  /** Receives replies until none is due. */
  async #receive(): Promise<void> {
    this.#isReceiving = true;
    try {
      while (this.#calls[0]?.isSent) {
        const reply = await receiveMessage(this.#replies) as unknown as CallReply;
        const call = this.#calls.shift()!;
        this.#isCancelled = false;
        this.#beginFirst();
        call.end(endOf(call.name, reply));
        this.#onFree(this);
      }
    } catch (error) {
      this.#breakDown(error);
    }
    this.#isReceiving = false;
  }

  /** The call that runs fails; what lies behind it has not begun, as far as its tickets are there. */
  #breakDown(error: unknown): void {
    const wasClosed = !this.#isUsable || error instanceof StoppedError;
    this.#isUsable = false;
    for (const [index, call] of this.#calls.splice(0).entries()) {
      const hasBegun = index === 0 || (call.isSent && !this.#tickets.isOpen);
      call.end(hasBegun ? { kind: "failed", error: failureOf(call.name, error, wasClosed) } : { kind: "notBegun" });
    }
    this.#onFree(this);
  }

  /** Takes back the last call, if that has not begun. */
  withdraw(): boolean {
    const call = this.#calls.at(-1);
    if (!call || call.isWithdrawn || (call.isSent && !this.#takeTicket())) return false;
    call.isWithdrawn = true;
    if (!call.isSent) this.#calls.pop();
    call.end({ kind: "notBegun" });
    return true;
  }

  #takeTicket(): boolean {
    try {
      return this.#tickets.take();
    } catch {
      // The worker has ended.
      return false;
    }
  }

  /** Takes a call back, or tells its function that it is cancelled. Whether it may go on for a while. */
  cancel(call: GivenCall): boolean {
    const at = this.#calls.indexOf(call);
    if (at < 0) return false;
    // First withdraw the call queued behind it: it could wait for ever for a function that hangs.
    if (at < this.#calls.length - 1 && !this.#calls.at(-1)!.isWithdrawn && !this.withdraw()) return false;
    if (at === this.#calls.length - 1 && this.withdraw()) return false;
    if (call.isWithdrawn) return false;
    this.#isCancelled = true;
    try {
      this.#cancel.signal();
    } catch {
      // The worker has ended.
    }
    return true;
  }

  /**
   * Ends the worker, as soon as the function that runs has returned or the grace period is over.
   *
   * @throws {TaskError} If the function ignored it.
   */
  async close(): Promise<void> {
    // Blame a function only if one was running: an idle worker that is late is just slow.
    const called = this.#isUsable ? this.#calls[0]?.name : undefined;
    this.#isUsable = false;
    await this.#manager.close().catch(() => {});
    const failure = await this.ended;
    if (called !== undefined && failure instanceof TaskError) throw new TaskError(called, failure.reason);
  }
}
