/** Takes an exported kernel's work from the server, and lets it go when the kernel has answered it. */

import type { Consumer, JsMsg } from "@nats-io/jetstream";
import { unpackMessage } from "../../actors/carried_message.ts";
import { KernelError, MessageError, QueueFullError, RefusedAnswerError } from "../../actors/errors.ts";
import type { Connection } from "../jetstream/connection.ts";
import { untilAborted } from "../../worker/until_aborted.ts";
import { sleepUntil } from "../sleep.ts";
import { deadOf, HEADERS, workOf } from "./names.ts";
import type { AskedKernel } from "./request_desk.ts";
import { ensureQueue, openConsumer, post, type QueueKeeping } from "./server_queue.ts";

/** How work is taken. */
export interface WorkOptions extends QueueKeeping {
  /** How many messages the kernel has at a time. */
  readonly inFlight: number;
  /** How often a message is tried. */
  readonly attempts: number;
  /** Before the second attempt, in milliseconds; twice as long before each further one. */
  readonly retryMs: number;
}

/** Counts of what was taken. */
export interface WorkFigures {
  /** Messages that the kernel has done. */
  done: number;
  /** Attempts that have failed. */
  retries: number;
  /** Messages that are dead letters. */
  deadLetters: number;
}

/** How long one request for work stays at the server: it dies with a leader that is lost. */
const PULL_MS = 4000;
const PAUSE_MS = 200;
/** A kernel whose input is full is tried again after so long. */
const FULL_PAUSE_MS = 50;
const MOST_RETRY_MS = 10_000;
/** In a lease, the server hears three times that a message is worked on. */
const SIGNS = 3;
/** Characters of a reason that a header takes. */
const MOST_REASON = 500;

/** Takes work until its signal aborts. */
export class WorkTaker {
  readonly figures: WorkFigures = { done: 0, retries: 0, deadLetters: 0 };
  readonly #connection: Connection;
  readonly #kernel: AskedKernel;
  readonly #options: WorkOptions;
  readonly #consumer: Consumer;
  /** No more is taken. */
  readonly #stopped: AbortSignal;
  /** What is in hand is given back. */
  readonly #abandoned: AbortSignal;
  #inHand = 0;

  private constructor(
    connection: Connection,
    kernel: AskedKernel,
    options: WorkOptions,
    consumer: Consumer,
    { stopped, abandoned }: { readonly stopped: AbortSignal; readonly abandoned: AbortSignal },
  ) {
    this.#connection = connection;
    this.#kernel = kernel;
    this.#options = options;
    this.#consumer = consumer;
    this.#stopped = stopped;
    this.#abandoned = abandoned;
  }

  /** Makes its queues if they are not there. */
  static async open(
    connection: Connection,
    kernel: AskedKernel,
    options: WorkOptions,
    signals: { readonly stopped: AbortSignal; readonly abandoned: AbortSignal },
  ): Promise<WorkTaker> {
    const { id } = kernel;
    for (const queue of [workOf(id), deadOf(id)]) await ensureQueue(connection, queue, options, signals.stopped);
    const ackWaitMs = connection.leaseMs * SIGNS;
    const consumer = await openConsumer(connection, workOf(id), ackWaitMs, signals.stopped);
    return new WorkTaker(connection, kernel, options, consumer, signals);
  }

  /** How many messages the kernel has. */
  get inHand(): number {
    return this.#inHand;
  }

  /** Takes work until it is stopped, and resolves when nothing is in hand. Rejects if the connection cannot go on. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.inFlight }, () => this.#takeAll()));
  }

  async #takeAll(): Promise<void> {
    while (!this.#stopped.aborted) {
      const message = await this.#next();
      if (!message) continue;
      this.#inHand++;
      try {
        await this.#work(message);
      } finally {
        this.#inHand--;
      }
    }
  }

  /** The next message; `null` if there was none for a while. */
  async #next(): Promise<JsMsg | null> {
    this.#connection.check();
    try {
      const next = this.#consumer.next({ expires: PULL_MS });
      next.then((late) => this.#stopped.aborted && late?.nak(), () => {});
      const message = await untilAborted(next, this.#stopped);
      this.#connection.answered();
      return message;
    } catch (error) {
      if (this.#stopped.aborted) return null;
      this.#connection.unanswered(error);
      await sleepUntil(PAUSE_MS, this.#stopped).catch(() => {});
      return null;
    }
  }

  async #work(message: JsMsg): Promise<void> {
    const signs = setInterval(() => message.working(), this.#connection.leaseMs);
    try {
      if (message.info.deliveryCount > this.#options.attempts) throw new TakenInVain(message.info.deliveryCount - 1);
      await this.#ask(message);
      message.ack();
      this.figures.done++;
    } catch (error) {
      await this.#failed(message, error);
    } finally {
      clearInterval(signs);
    }
  }

  async #ask({ data }: JsMsg): Promise<void> {
    const work = unpackMessage(`take work of kernel "${this.#kernel.id}"`, data);
    for (;;) {
      try {
        await this.#kernel.request(work, { signal: this.#abandoned });
        return;
      } catch (error) {
        // It has answered, what nobody reads.
        if (error instanceof RefusedAnswerError) return;
        if (!(error instanceof QueueFullError)) throw error;
        await sleepUntil(FULL_PAUSE_MS, this.#abandoned);
      }
    }
  }

  async #failed(message: JsMsg, error: unknown): Promise<void> {
    const { attempts, retryMs } = this.#options;
    const attempt = message.info.deliveryCount;
    const hasFailed = error instanceof KernelError || error instanceof TakenInVain;
    if (error instanceof MessageError || hasFailed && attempt >= attempts) return await this.#bury(message, error);
    const waitMs = Math.min(retryMs * 2 ** (attempt - 1), MOST_RETRY_MS);
    message.nak(this.#stopped.aborted ? undefined : waitMs);
    if (hasFailed) this.figures.retries++;
    // The kernel takes nothing: it has ended, as a rule.
    else await sleepUntil(waitMs, this.#stopped).catch(() => {});
  }

  /** Only when the server keeps the dead letter is the message let go. */
  async #bury(message: JsMsg, error: Error): Promise<void> {
    const { id } = this.#kernel;
    const attempts = Math.min(message.info.deliveryCount, this.#options.attempts);
    const reason = error.message.replace(/[^\x20-\x7e]/g, "?").slice(0, MOST_REASON);
    const posting = {
      // It is kept once, also if this program ends before it has let the message go.
      id: message.headers?.get("Nats-Msg-Id") || `${message.timestamp} ${message.seq}`,
      bytes: message.data,
      headers: { [HEADERS.attempts]: `${attempts}`, [HEADERS.reason]: reason },
    };
    const wait = { timeoutMs: Infinity, signal: this.#abandoned };
    try {
      await post(this.#connection, deadOf(id), posting, wait, `keep a dead letter of kernel "${id}"`);
    } catch (error) {
      if (!this.#abandoned.aborted) throw error;
      return message.nak();
    }
    message.ack();
    this.figures.deadLetters++;
  }
}

/** A message that nobody has lived to do. */
class TakenInVain extends Error {
  constructor(times: number) {
    super(`it was taken ${times} times, and whoever had it has ended before it was done`);
  }
}
