/** Answers what other programs ask an exported kernel. */

import { headers, type Msg, type Subscription } from "@nats-io/transport-node";
import { packFailure, packMessage, unpackMessage } from "../../actors/carried_message.ts";
import { KernelStateError, MessageError, QueueFullError, QueueTimeoutError } from "../../actors/errors.ts";
import type { MessageEnvelope } from "../../actors/message.ts";
import { LONGEST_TIMER_MS } from "../../ring/within.ts";
import type { Connection } from "../jetstream/connection.ts";
import { cancelsOf, descriptionOf, type ExportDescription, HEADERS, requestsOf } from "./names.ts";

/** A kernel, as those see it who hand it messages. */
export interface AskedKernel {
  /** The id that others know it by. */
  readonly id: string;
  request(
    message: MessageEnvelope,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<MessageEnvelope>;
}

/** Counts of what was answered. */
export interface DeskFigures {
  /** Requests that came. */
  requests: number;
  /** Of these, those that were answered by an error. */
  failures: number;
}

/** Several programs that export a kernel share what it is asked. */
const QUEUE_GROUP = "kernels";
/** More requests are refused while so many are open. */
const MOST_OPEN = 4096;

/** Answers requests until it is disposed; what is open then is answered by an error. */
export class RequestDesk implements Disposable {
  readonly figures: DeskFigures = { requests: 0, failures: 0 };
  readonly #connection: Connection;
  readonly #kernel: AskedKernel;
  readonly #open = new Map<string, AbortController>();
  readonly #subscriptions: readonly Subscription[];

  constructor(connection: Connection, kernel: AskedKernel, description: ExportDescription) {
    this.#connection = connection;
    this.#kernel = kernel;
    const described = JSON.stringify(description);
    const { id } = kernel;
    this.#subscriptions = [
      this.#hear(descriptionOf(id), (message) => void message.respond(described)),
      this.#hear(cancelsOf(id), (message) => this.#cancel(message)),
      this.#hear(requestsOf(id), (message) => void this.#answer(message), QUEUE_GROUP),
    ];
  }

  #hear(subject: string, heard: (message: Msg) => void, queue?: string): Subscription {
    // What is not permitted ends the connection.
    return this.#connection.core.subscribe(subject, {
      queue,
      callback: (error, message) => error ? undefined : heard(message),
    });
  }

  /** How many requests are open. */
  get open(): number {
    return this.#open.size;
  }

  #cancel({ headers }: Msg): void {
    this.#open.get(headers?.get(HEADERS.request) ?? "")?.abort();
  }

  async #answer(message: Msg): Promise<void> {
    const request = message.headers?.get(HEADERS.request) ?? "";
    const timeoutMs = Number(message.headers?.get(HEADERS.timeout));
    if (!message.reply || request === "" || !(timeoutMs > 0)) return;
    // Asked once more, as nobody had answered yet: the first answer will do.
    if (this.#open.has(request)) return;
    this.figures.requests++;
    const controller = new AbortController();
    const isFull = this.#open.size >= MOST_OPEN;
    if (!isFull) this.#open.set(request, controller);
    try {
      if (isFull) throw new QueueFullError(`Cannot request of kernel "${this.#kernel.id}": ${MOST_OPEN} are open`);
      const waitMs = Math.min(timeoutMs, LONGEST_TIMER_MS);
      this.#respond(message, await this.#ask(message.data, waitMs, controller.signal));
    } catch (error) {
      // Whoever has asked waits no longer.
      if (error instanceof QueueTimeoutError || controller.signal.aborted && this.#open.has(request)) return;
      this.figures.failures++;
      this.#respond(message, packFailure(this.#kernel.id, error, this.#where, this.#mostBytes));
    } finally {
      this.#open.delete(request);
    }
  }

  async #ask(data: Uint8Array, timeoutMs: number, signal: AbortSignal): Promise<Uint8Array> {
    const action = `request of kernel "${this.#kernel.id}"`;
    const answer = await this.#kernel.request(unpackMessage(action, data), { timeoutMs, signal });
    const bytes = packMessage(`answer a request of kernel "${this.#kernel.id}"`, answer);
    if (bytes.length <= this.#mostBytes) return bytes;
    throw tooLong(`answer a request of kernel "${this.#kernel.id}"`, bytes.length, this.#mostBytes);
  }

  get #mostBytes(): number {
    return this.#connection.maxPayload - HEADER_BYTES;
  }

  get #where(): string {
    return `on ${Deno.hostname()}`;
  }

  #respond(message: Msg, bytes: Uint8Array): void {
    if (this.#connection.core.isClosed()) return;
    const named = headers();
    named.set(HEADERS.request, message.headers!.get(HEADERS.request));
    message.respond(bytes, { headers: named });
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    const { id } = this.#kernel;
    const error = new KernelStateError(`Cannot finish a request of kernel "${id}": it is not exported any more`);
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const controller of open) controller.abort(error);
  }
}

/** Bytes of a message besides a body: its headers. */
export const HEADER_BYTES = 1024;

/** A message that the server would refuse. */
export function tooLong(action: string, bytes: number, most: number): MessageError {
  return new MessageError(`Cannot ${action}: it takes ${bytes} bytes, but the server's max_payload allows ${most}`);
}
