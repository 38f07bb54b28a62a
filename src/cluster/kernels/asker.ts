/** Asks kernels that other programs export: each question has a subject of its own, at which its answer arrives. */

import { createInbox, headers, type Msg, type NatsConnection, type Subscription } from "@nats-io/transport-node";
import { KernelNotFoundError, QueueTimeoutError } from "../../actors/errors.ts";
import { Deadline } from "../../timers.ts";
import { cancelsOf, HEADERS, requestsOf } from "./names.ts";

/** How long, and how often, a kernel is asked. */
export interface Question {
  readonly bytes: Uint8Array;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Whether it may be asked more than once. */
  readonly idempotent: boolean;
}

/** Counts of what was asked. */
export interface AskerFigures {
  /** Requests that were sent. */
  requests: number;
  /** How often they were sent once more. */
  retries: number;
  /** Answers for which nobody waited any more. */
  lateAnswers: number;
}

/** An idempotent question that has no answer is asked again after so long, in milliseconds. */
const RETRY_MS = 1000;
/** The same, while nobody exports the kernel. */
const ABSENT_RETRY_MS = 200;
/** "no responders". */
const NO_RESPONDERS = 503;

/** Asks one kernel, until it is disposed. */
export class Asker implements Disposable {
  readonly figures: AskerFigures = { requests: 0, retries: 0, lateAnswers: 0 };
  readonly #core: NatsConnection;
  readonly #id: string;
  readonly #inbox = createInbox();
  readonly #open = new Map<string, OpenQuestion>();
  readonly #answers: Subscription;
  #last = 0;

  constructor(core: NatsConnection, id: string) {
    this.#core = core;
    this.#id = id;
    this.#answers = core.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => error ? undefined : this.#hear(message),
    });
  }

  /** How many questions are open. */
  get open(): number {
    return this.#open.size;
  }

  #hear(message: Msg): void {
    const question = this.#open.get(message.subject);
    if (message.headers?.code === NO_RESPONDERS) question?.nobodyThere();
    else if (question) question.answered(message.data);
    else this.figures.lateAnswers++;
  }

  /**
   * Asks, and resolves to what is answered.
   *
   * @throws {KernelNotFoundError} If nobody exports the kernel.
   * @throws {QueueTimeoutError} If no answer comes in time.
   * @throws {unknown} The signal's reason, if it aborts before.
   */
  async ask(question: Question): Promise<Uint8Array> {
    const subject = `${this.#inbox}.${++this.#last}`;
    const open = new OpenQuestion(this.#core, this.#id, subject, question, this.figures);
    this.#open.set(subject, open);
    this.figures.requests++;
    try {
      return await open.answer();
    } finally {
      this.#open.delete(subject);
    }
  }

  /** Ends all questions by an error. */
  end(error: Error): void {
    for (const question of this.#open.values()) question.fail(error);
  }

  [Symbol.dispose](): void {
    this.#answers.unsubscribe();
  }
}

/** A question that has no answer yet. */
class OpenQuestion {
  readonly #core: NatsConnection;
  readonly #id: string;
  readonly #reply: string;
  readonly #question: Question;
  readonly #figures: AskerFigures;
  readonly #request = crypto.randomUUID();
  readonly #outcome = Promise.withResolvers<Uint8Array>();
  readonly #until: number;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isAbsent = false;
  #isAnswered = false;

  constructor(core: NatsConnection, id: string, reply: string, question: Question, figures: AskerFigures) {
    this.#core = core;
    this.#id = id;
    this.#reply = reply;
    this.#question = question;
    this.#figures = figures;
    this.#until = performance.now() + question.timeoutMs;
  }

  /** Asks, and waits for the answer. */
  async answer(): Promise<Uint8Array> {
    const { timeoutMs, signal } = this.#question;
    // Who is busy when the time is up listens once more.
    using _deadline = new Deadline(timeoutMs, () => this.fail(this.#timeout()));
    const abort = () => this.#outcome.reject(signal!.reason);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      this.#publish();
      return await this.#outcome.promise;
    } finally {
      clearTimeout(this.#retry);
      signal?.removeEventListener("abort", abort);
      if (!this.#isAnswered && !this.#isAbsent) this.#cancel();
    }
  }

  #publish(): void {
    const leftMs = Math.max(this.#until - performance.now(), 1);
    const named = this.#headers();
    named.set(HEADERS.timeout, `${leftMs}`);
    // Until it is said again that nobody is there, somebody may have it.
    this.#isAbsent = false;
    this.#core.publish(requestsOf(this.#id), this.#question.bytes, { reply: this.#reply, headers: named });
    if (this.#question.idempotent) this.#later(RETRY_MS);
  }

  #headers() {
    const named = headers();
    named.set(HEADERS.request, this.#request);
    return named;
  }

  #later(ms: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#figures.retries++;
      this.#publish();
    }, ms);
  }

  /** Whoever exports it need not answer any more. */
  #cancel(): void {
    if (!this.#core.isClosed()) this.#core.publish(cancelsOf(this.#id), undefined, { headers: this.#headers() });
  }

  answered(bytes: Uint8Array): void {
    this.#isAnswered = true;
    this.#outcome.resolve(bytes);
  }

  nobodyThere(): void {
    this.#isAbsent = true;
    if (this.#question.idempotent) this.#later(ABSENT_RETRY_MS);
    else this.fail(new KernelNotFoundError(`Cannot ${this.#action}: no program exports it`));
  }

  fail(error: Error): void {
    this.#outcome.reject(error);
  }

  get #action(): string {
    return `request of remote kernel "${this.#id}"`;
  }

  #timeout(): QueueTimeoutError {
    const { timeoutMs } = this.#question;
    const why = this.#isAbsent ? "no program has exported it" : "no answer came";
    return new QueueTimeoutError(`Cannot ${this.#action}: ${why} for ${timeoutMs} ms`);
  }
}
