/** Sends, receives and requests on behalf of one thread. */

import type { RecordQueue } from "../../ring/record_queue.ts";
import { checkTimeout } from "../../ring/waiting.ts";
import { now } from "../message/clock.ts";
import type { Envelope, Header } from "../message/envelope.ts";
import { KernelNotFoundError, KernelStateError, QueueTimeoutError } from "../errors.ts";
import type { KernelPeers, WaitOptions } from "../kernel_context.ts";
import type { KernelUse } from "../kernel_link.ts";
import type { Mailbox, Ticket } from "./mailbox.ts";
import type { Message, MessageEnvelope } from "../message.ts";
import type { Outlet } from "./outlet.ts";
import { Turns } from "../../ring/turns.ts";
import { check, type Destination, headerFor, mustBeChecked, parcelOf } from "../message/preparation.ts";
import { type AnswerWanted, decodeMessage } from "../message/message_record.ts";

/** A kernel, as a thread that reaches it sees it. */
export interface Peer extends Destination {
  /** The number of its mailbox, which no other kernel has had. */
  readonly number: number;
  readonly input: Outlet;
  readonly output: RecordQueue;
  /** How this thread has used it so far. */
  readonly isUsedBy: Record<KernelUse, boolean>;
}

/** Where a thread looks up kernels. */
export interface Directory {
  /** A kernel that it knows. */
  known(id: string): Peer | undefined;
  /** A kernel; `null` if there is none of that id. */
  find(id: string): Promise<Peer | null>;
  /** Forgets what it knows of a kernel, which is closed: there may be a new one of that id. */
  forget(peer: Peer): void;
}

/** What a {@link PostOffice} works with. */
export interface PostOfficeOptions {
  readonly directory: Directory;
  /** Where answers arrive, and the number by which others find it. */
  readonly mailbox: Mailbox;
  readonly number: number;
  /** Aborts when the thread is to end. */
  readonly signal: AbortSignal;
  /** Whether messages tell when they were sent. */
  readonly isTimed: boolean;
  /** Hears of the first time that a kernel is used in a way. */
  noteUse(kernel: string, by: KernelUse): void;
}

/** What calls return that have sent at once: most of them, so they do without a promise of their own. */
export const SENT: Promise<void> = Promise.resolve();
/** The ways of one thread to reach kernels. */
export class PostOffice implements KernelPeers {
  readonly #options: PostOfficeOptions;
  readonly #turns = new Turns();

  constructor(options: PostOfficeOptions) {
    this.#options = options;
  }

  /** As {@link KernelPeers.send}. */
  send(kernel: string, message: MessageEnvelope, options?: WaitOptions): Promise<void> {
    const peer = this.#options.directory.known(kernel);
    if (peer) return this.sendTo(peer, message, options);
    return this.#find(kernel, "send to").then((peer) => this.sendTo(peer, message, options));
  }

  /** As `send()`, to a kernel that is known. */
  sendTo(peer: Peer, message: MessageEnvelope, options?: WaitOptions): Promise<void> {
    const sent = this.deliver(peer.input, peer, message, null, options?.timeoutMs ?? Infinity);
    if (!peer.isUsedBy.send) this.#noteOnce(peer, "send", sent);
    return sent;
  }

  /** Notes how a kernel is used, once that has worked. Who waits for `done` hears of failures. */
  #noteOnce(peer: Peer, by: KernelUse, done: Promise<void>): void {
    done.then(() => this.#note(peer, by), () => {});
  }

  #note({ kernel, isUsedBy }: Peer, by: KernelUse): void {
    if (isUsedBy[by]) return;
    isUsedBy[by] = true;
    this.#options.noteUse(kernel, by);
  }

  /** Puts a message into a queue. Done at once if that is possible. */
  deliver(
    outlet: Outlet,
    destination: Destination,
    message: MessageEnvelope,
    wanted: AnswerWanted | null,
    timeoutMs: number,
  ): Promise<void> {
    try {
      const header = headerFor(message, destination), envelope = message as Envelope;
      const deliver = (checked: Envelope) => this.#deliver(outlet, destination, checked, header, wanted, timeoutMs);
      return mustBeChecked(header) ? check(envelope, header, destination).then(deliver) : deliver(envelope);
    } catch (error) {
      this.#forgetIfClosed(outlet, destination);
      return Promise.reject(error);
    }
  }

  #forgetIfClosed(outlet: Outlet, { kernel }: Destination): void {
    const peer = this.#options.directory.known(kernel);
    if (peer?.input === outlet && outlet.closed) this.#options.directory.forget(peer);
  }

  #deliver(
    outlet: Outlet,
    destination: Destination,
    message: Envelope,
    header: Header,
    wanted: AnswerWanted | null,
    timeoutMs: number,
  ): Promise<void> {
    const { isTimed, signal } = this.#options;
    const parcel = parcelOf(message, header, wanted, isTimed, destination);
    if (!outlet.offer(parcel)) return outlet.wait(parcel, timeoutMs, signal);
    return this.#turns.isDue ? this.#turns.take() : SENT;
  }

  /** As {@link KernelPeers.receive}. */
  // deno-lint-ignore no-explicit-any
  async receive<Body extends object = any>(kernel: string, options?: WaitOptions): Promise<Message<Body>> {
    const peer = this.#options.directory.known(kernel) ?? await this.#find(kernel, "receive from");
    return await this.receiveFrom(peer, options) as unknown as Message<Body>;
  }

  /** As `receive()`, from a kernel that is known. */
  async receiveFrom(peer: Peer, { timeoutMs = Infinity }: WaitOptions = {}): Promise<Envelope> {
    const record = peer.output.take() ?? await this.#takeNext(peer, timeoutMs);
    if (!peer.isUsedBy.receive) this.#note(peer, "receive");
    const { message } = decodeMessage(record, peer.kernel);
    if (this.#turns.isDue) await this.#turns.take();
    return message;
  }

  async #takeNext(peer: Peer, timeoutMs: number): Promise<Uint8Array<ArrayBuffer>> {
    const { kernel, output } = peer, until = performance.now() + timeoutMs;
    checkTimeout(timeoutMs, `receive from kernel "${kernel}"`);
    for (let left = timeoutMs;; left = Math.max(until - performance.now(), 0)) {
      const record = await output.takeAsync(left, { signal: this.#options.signal });
      if (record) return record;
      if (output.closed) {
        this.#options.directory.forget(peer);
        throw new KernelStateError(`Cannot receive from kernel "${kernel}": it has terminated, and nothing is left`);
      }
      if (performance.now() < until) continue;
      throw new QueueTimeoutError(`Cannot receive from kernel "${kernel}": nothing came for ${timeoutMs} ms`);
    }
  }

  /** As {@link KernelPeers.request}. */
  // deno-lint-ignore no-explicit-any
  async request<Body extends object = any>(
    kernel: string,
    message: MessageEnvelope,
    options?: WaitOptions,
  ): Promise<Message<Body>> {
    const peer = this.#options.directory.known(kernel) ?? await this.#find(kernel, "request of");
    return await this.requestOf(peer, message, options) as unknown as Message<Body>;
  }

  /** As `request()`, of a kernel that is known. */
  async requestOf(
    peer: Peer,
    message: MessageEnvelope,
    { timeoutMs = Infinity }: WaitOptions = {},
  ): Promise<Envelope> {
    const what = `request of kernel "${peer.kernel}"`, { signal, mailbox, number } = this.#options;
    checkTimeout(timeoutMs, what);
    signal.throwIfAborted();
    const timeout = () => new QueueTimeoutError(`Cannot ${what}: no answer came for ${timeoutMs} ms`);
    const ticket = mailbox.expect(peer.number, timeoutMs, timeout);
    const wanted = { mailbox: number, ticket: ticket.number, until: now() + timeoutMs };
    const sent = this.deliver(peer.input, peer, message, wanted, timeoutMs);
    if (!peer.isUsedBy.request) this.#noteOnce(peer, "request", sent);
    if (sent !== SENT) await this.#awaitSending(sent, ticket);
    return await ticket.answer;
  }

  /** Until a request is sent; whatever becomes of its answer meanwhile is told afterwards. */
  async #awaitSending(sent: Promise<void>, ticket: Ticket): Promise<void> {
    ticket.answer.catch(() => {});
    try {
      await sent;
    } catch (error) {
      this.#options.mailbox.forget(ticket);
      throw error;
    }
  }

  async #find(kernel: string, action: string): Promise<Peer> {
    const peer = await this.#options.directory.find(kernel);
    if (peer) return peer;
    throw new KernelNotFoundError(`Cannot ${action} kernel ${Deno.inspect(kernel)}: none of that id was launched`);
  }
}
