/** Sends, receives and requests on behalf of one thread. */

import { now } from "../../ring/clock.ts";
import type { RecordQueue } from "../../ring/record_queue.ts";
import { Turns } from "../../ring/turns.ts";
import { within } from "../../ring/within.ts";
import { untilAborted } from "../../worker/until_aborted.ts";
import { KernelNotFoundError, KernelStateError, QueueTimeoutError } from "../errors.ts";
import type { KernelPeers, ReceivedFrom } from "../kernel_context.ts";
import type { KernelUse } from "../kernel_link.ts";
import type { Message, MessageEnvelope } from "../message.ts";
import type { Envelope, Header } from "../message/envelope.ts";
import { decodeMessage, type ReplyTo } from "../message/message_record.ts";
import { copyLocally, type LocalCopy } from "../message/local_copy.ts";
import { check, type Destination, headerFor, mustBeChecked, parcelOf, snapshotOf } from "../message/preparation.ts";
import type { WaitOptions } from "../../ring/waiting.ts";
import { eitherSignal, type Wait, waitOf } from "../wait_options.ts";
import { suggest } from "../../suggest.ts";
import { bandOf, LocalItem } from "./local_item.ts";
import type { Mailbox, Ticket } from "./mailbox.ts";
import type { Outlet, Parcel } from "./outlet.ts";

/** A kernel, as a thread that reaches it sees it. */
export interface Peer extends Destination {
  /** The id of its mailbox, which no other kernel has had. */
  readonly mailboxId: number;
  readonly input: Outlet;
  readonly output: RecordQueue;
}

/** Where a thread looks up kernels. */
export interface Directory {
  /** A kernel that it knows. */
  known(id: string): Peer | undefined;
  /** A kernel; `null` if there is none of that id. */
  find(id: string): Promise<Peer | null>;
  /** The ids that it knows, to name one that was meant. */
  ids(): Iterable<string>;
  /** Forgets what it knows of a kernel, which is closed: there may be a new one of that id. */
  forget(peer: Peer): void;
  /** Why a kernel has not answered: a clause to add to an error, or nothing. */
  explain(peer: Peer): Promise<string>;
  /** Nobody waits any more for the answer of a request that a kernel was sent. */
  cancel(peer: Peer, ticket: number): void;
}

/** What a {@link PostOffice} works with. */
export interface PostOfficeOptions {
  readonly directory: Directory;
  /** Where answers arrive, and the id by which others find it. */
  mailbox(): Mailbox;
  readonly mailboxId: number;
  /** Aborts when the thread, or its kernel, is to end. */
  readonly signal: AbortSignal;
  /** Whether messages tell when they were sent. */
  readonly isTimed: boolean;
  /** Hears of the first time that a kernel is used in a way. */
  noteUse(kernel: string, by: KernelUse): void;
  /** Hears that calls wait for room in the queue of a kernel, by its mailbox's id; `null` if none does any more. */
  noteRoom?(mailbox: number | null): void;
}

/** Turns of this thread's event loop, whoever sends. */
const turns = new Turns();

/** What calls return that have sent at once: most of them, so they do without a promise of their own. */
export const SENT: Promise<void> = Promise.resolve();

/** The ways of one thread to reach kernels. */
export class PostOffice implements KernelPeers {
  readonly #options: PostOfficeOptions;
  /** By the ids of kernels that are being found: when the last message that waits for one is on its way. */
  #finding: Map<string, Promise<void>> | undefined;
  /** How kernels were used so far, as bits of {@link USES}. */
  #uses: WeakMap<Peer, number> | undefined;
  /** Calls that wait for room. */
  #waiting = 0;

  constructor(options: PostOfficeOptions) {
    this.#options = options;
  }

  /** As {@link KernelPeers.send}. */
  send(kernel: string, message: MessageEnvelope, options?: WaitOptions): Promise<void> {
    const peer = this.#known(kernel);
    if (peer) return this.sendTo(peer, message, options);
    const send = (peer: Peer, message: MessageEnvelope) => this.sendTo(peer, message, options);
    return this.#onceFound(kernel, "send to", message, send, options);
  }

  /** A kernel that this thread knows, unless messages to it still wait for that: later ones go behind them. */
  #known(kernel: string): Peer | undefined {
    return this.#finding?.has(kernel) ? undefined : this.#options.directory.known(kernel);
  }

  /**
   * Sends a message, as it is now, to a kernel that has to be found first, for no longer than it may take then. Calls go on in
   * their order.
   */
  async #onceFound<Result>(
    kernel: string,
    action: string,
    message: MessageEnvelope,
    send: (peer: Peer, message: MessageEnvelope) => Promise<Result>,
    options: WaitOptions | undefined,
  ): Promise<Result> {
    const wait = waitOf(`${action} kernel "${kernel}"`, options);
    const snapshot = snapshotOf(message);
    const finding = this.#finding ??= new Map();
    const before = finding.get(kernel) ?? SENT;
    const found = before.then(() => this.#peer(kernel, action));
    let isGivenUp = false;
    const begun = found.then((peer: Peer) => isGivenUp ? null : { sent: send(peer, snapshot) });
    const done = begun.then(() => {}, () => {});
    finding.set(kernel, done);
    done.then(() => {
      if (finding.get(kernel) === done) finding.delete(kernel);
    });
    try {
      await this.#inTime(begun, kernel, action, wait);
    } catch (error) {
      isGivenUp = true;
      throw error;
    }
    return await (await begun)!.sent;
  }

  /** Waits until a kernel is found. A poll does so, too: what it would find is there. */
  async #inTime(found: Promise<unknown>, kernel: string, action: string, { timeoutMs, signal }: Wait): Promise<void> {
    const either = eitherSignal(this.#options.signal, signal);
    if (await untilAborted(within(found, timeoutMs || Infinity), either)) return;
    const what = `the program did not tell where it is for ${timeoutMs} ms`;
    throw new QueueTimeoutError(`Cannot ${action} kernel ${JSON.stringify(kernel)}: ${what}`);
  }

  /** Hands a message on to another kernel, on behalf of whoever waits for an answer. */
  forward(kernel: string, message: MessageEnvelope, replyTo: ReplyTo | null, options?: WaitOptions): Promise<void> {
    const peer = this.#known(kernel);
    if (peer) return this.#pass(peer, message, replyTo, options);
    const pass = (peer: Peer, message: MessageEnvelope) => this.#pass(peer, message, replyTo, options);
    return this.#onceFound(kernel, "forward to", message, pass, options);
  }

  /** As `send()`, to a kernel that is known. */
  sendTo(peer: Peer, message: MessageEnvelope, options?: WaitOptions): Promise<void> {
    return this.#pass(peer, message, null, options);
  }

  /** As `sendTo()`, on behalf of whoever waits for an answer. */
  #pass(peer: Peer, message: MessageEnvelope, replyTo: ReplyTo | null, options?: WaitOptions): Promise<void> {
    const sent = this.deliver(peer.input, peer, message, replyTo, options);
    if (!this.#hasUsed(peer, "send")) this.#noteOnce(peer, "send", sent);
    return sent;
  }

  #hasUsed(peer: Peer, by: KernelUse): boolean {
    return ((this.#uses?.get(peer) ?? 0) & USES[by]) !== 0;
  }

  /** Notes how a kernel is used, once that has worked. Who waits for `done` hears of failures. */
  #noteOnce(peer: Peer, by: KernelUse, done: Promise<void>): void {
    done.then(() => this.#note(peer, by), () => {});
  }

  #note(peer: Peer, by: KernelUse): void {
    if (this.#hasUsed(peer, by)) return;
    this.#uses ??= new WeakMap();
    this.#uses.set(peer, (this.#uses.get(peer) ?? 0) | USES[by]);
    this.#options.noteUse(peer.kernel, by);
  }

  /** Puts a message into a queue, as it is now, behind those that were sent before it. Done at once if that is possible. */
  deliver(
    outlet: Outlet,
    destination: Destination,
    message: MessageEnvelope,
    replyTo: ReplyTo | null,
    options?: WaitOptions,
  ): Promise<void> {
    try {
      const wait = waitOf(`send ${destination.place}`, options);
      const header = headerFor(message, destination);
      const envelope = message as Envelope;
      const checked = mustBeChecked(header) ? check(envelope, header, destination) : envelope;
      if (checked instanceof Promise) {
        const { isTimed } = this.#options;
        const copied = checked.then((made) => copyOf(parcelOf(made, header, replyTo, isTimed, destination)));
        return this.#deliverLater(outlet, copied, wait, header);
      }
      const parcel = this.#parcelFor(outlet, checked, header, replyTo, destination);
      if (outlet.checking) return this.#deliverLater(outlet, Promise.resolve(copyOf(parcel)), wait, header);
      return this.#post(outlet, parcel, wait);
    } catch (error) {
      this.#forgetIfClosed(outlet, destination);
      return Promise.reject(error);
    }
  }

  #parcelFor(
    outlet: Outlet,
    message: Envelope,
    header: Header,
    replyTo: ReplyTo | null,
    destination: Destination,
  ): Parcel {
    const { isTimed } = this.#options;
    if (outlet.takesCopies) {
      const copy = copyLocally(message, header);
      if (copy && copy.bytes <= outlet.maxBytes) return localParcel(copy, replyTo, isTimed);
    }
    return parcelOf(message, header, replyTo, isTimed, destination);
  }

  #forgetIfClosed(outlet: Outlet, { kernel }: Destination): void {
    const peer = this.#options.directory.known(kernel);
    if (peer?.input === outlet && outlet.closed) this.#options.directory.forget(peer);
  }

  #post(outlet: Outlet, parcel: Parcel, { timeoutMs, signal }: Wait): Promise<void> {
    if (!outlet.offer(parcel)) return this.#awaitRoom(outlet, parcel, { timeoutMs, signal });
    return turns.isDue ? turns.take() : SENT;
  }

  async #awaitRoom(outlet: Outlet, parcel: Parcel, { timeoutMs, signal }: Wait): Promise<void> {
    const sent = outlet.wait(parcel, timeoutMs, eitherSignal(this.#options.signal, signal));
    if (this.#waiting++ === 0) this.#options.noteRoom?.(outlet.mailbox);
    try {
      await sent;
    } finally {
      if (--this.#waiting === 0) this.#options.noteRoom?.(null);
    }
  }

  /** Behind what is still being checked: the order in which messages were sent stays. */
  #deliverLater(outlet: Outlet, parcel: Promise<Parcel>, wait: Wait, header: Header): Promise<void> {
    const before = outlet.checking ?? SENT;
    const { promise, resolve } = Promise.withResolvers<void>();
    outlet.checking = promise;
    return this.#postInTurn(outlet, before, parcel, wait, header, () => {
      if (outlet.checking === promise) outlet.checking = null;
      resolve();
    });
  }

  async #postInTurn(
    outlet: Outlet,
    before: Promise<void>,
    checked: Promise<Parcel>,
    wait: Wait,
    { kind }: Header,
    next: () => void,
  ): Promise<void> {
    const until = performance.now() + wait.timeoutMs;
    let sent: Promise<void>;
    try {
      const ready = Promise.allSettled([before, checked]);
      const signal = eitherSignal(this.#options.signal, wait.signal);
      if (!await untilAborted(within(ready, wait.timeoutMs), signal)) {
        throw new QueueTimeoutError(`Cannot send "${kind.name}": its schema took more than ${wait.timeoutMs} ms`);
      }
      const left = Math.max(until - performance.now(), 0);
      sent = this.#post(outlet, await checked, { timeoutMs: left, signal: wait.signal });
    } finally {
      // Not before those in front, also if this one has given up.
      before.then(next);
    }
    await sent;
  }

  /** As {@link KernelPeers.receive}. */
  // deno-lint-ignore no-explicit-any
  async receive<Body extends object = any>(kernel: string, options?: WaitOptions): Promise<Message<Body>> {
    const peer = this.#options.directory.known(kernel) ?? await this.#peerInTime(kernel, options);
    return await this.receiveFrom(peer, options) as unknown as Message<Body>;
  }

  /** As `receive()`, from a kernel that is known. */
  async receiveFrom(peer: Peer, options?: WaitOptions): Promise<Envelope> {
    const wait = waitOf(`receive from kernel "${peer.kernel}"`, options);
    const record = peer.output.take() ?? await this.#takeNext(peer, wait);
    return await this.#open(peer, record);
  }

  async #open(peer: Peer, record: Uint8Array<ArrayBuffer>): Promise<Envelope> {
    this.#note(peer, "receive");
    const { message } = decodeMessage(record, peer.kernel);
    if (turns.isDue) await turns.take();
    return message;
  }

  async #takeNext(peer: Peer, { timeoutMs, signal: own }: Wait): Promise<Uint8Array<ArrayBuffer>> {
    const { kernel, output } = peer;
    const until = performance.now() + timeoutMs;
    const signal = eitherSignal(this.#options.signal, own);
    for (let left = timeoutMs;; left = Math.max(until - performance.now(), 0)) {
      const record = await output.takeAsync(left, { signal });
      if (record) return record;
      if (output.closed) {
        this.#options.directory.forget(peer);
        throw new KernelStateError(`Cannot receive from kernel "${kernel}": it has terminated, and nothing is left`);
      }
      if (performance.now() < until) continue;
      throw new QueueTimeoutError(`Cannot receive from kernel "${kernel}": nothing came for ${timeoutMs} ms`);
    }
  }

  /** As {@link KernelPeers.receiveAny}. */
  async receiveAny(kernels: readonly string[], options?: WaitOptions): Promise<ReceivedFrom> {
    const wait = waitOf("receive from several kernels", options);
    if (!Array.isArray(kernels) || kernels.length === 0) {
      throw new TypeError(`Cannot receive from several kernels: expected their ids, received ${Deno.inspect(kernels)}`);
    }
    const { directory } = this.#options;
    const peers = await Promise.all(
      kernels.map(async (id) => directory.known(id) ?? await this.#peerInTime(id, options)),
    );
    return await this.#receiveFirst(peers, wait);
  }

  async #receiveFirst(peers: Peer[], { timeoutMs, signal }: Wait): Promise<ReceivedFrom> {
    const until = performance.now() + timeoutMs;
    for (let turn = 0;; turn++) {
      // Each of them is looked at first in its turn: none is starved by one that always has something.
      for (let index = 0; index < peers.length; index++) {
        const peer = peers[(index + turn + this.#firstOfAny) % peers.length];
        const record = peer.output.take();
        if (!record) continue;
        this.#firstOfAny = (index + turn + this.#firstOfAny + 1) % peers.length;
        return { kernel: peer.kernel, message: await this.#open(peer, record) as unknown as Message };
      }
      const open = peers.filter(({ output }) => !output.closed || output.depth > 0);
      if (open.length === 0) throw new KernelStateError(`${whatOf(peers)}: all have terminated, and nothing is left`);
      const left = until - performance.now();
      if (left <= 0) throw new QueueTimeoutError(`${whatOf(peers)}: nothing came for ${timeoutMs} ms`);
      await this.#untilAnyIsReady(open, left, signal);
    }
  }

  #firstOfAny = 0;

  /** Takes nothing: what is there stays until it is returned. */
  async #untilAnyIsReady(peers: Peer[], timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    const found = new AbortController();
    const either = AbortSignal.any([eitherSignal(this.#options.signal, signal), found.signal]);
    const waits = peers.map(({ output }) => output.whenReady(timeoutMs, { signal: either }));
    try {
      await Promise.race(waits);
    } finally {
      found.abort();
      await Promise.allSettled(waits);
    }
  }

  /** As {@link KernelPeers.request}. */
  // deno-lint-ignore no-explicit-any
  async request<Body extends object = any>(
    kernel: string,
    message: MessageEnvelope,
    options?: WaitOptions,
  ): Promise<Message<Body>> {
    const peer = this.#known(kernel);
    if (peer) return await this.requestOf(peer, message, options) as unknown as Message<Body>;
    const ask = (peer: Peer, message: MessageEnvelope) => this.requestOf(peer, message, options);
    return await this.#onceFound(kernel, "request of", message, ask, options) as unknown as Message<Body>;
  }

  /** As `request()`, of a kernel that is known. */
  async requestOf(peer: Peer, message: MessageEnvelope, options?: WaitOptions): Promise<Envelope> {
    const what = `request of kernel "${peer.kernel}"`;
    const { mailboxId } = this.#options;
    const wait = waitOf(what, options);
    this.#options.signal.throwIfAborted();
    const { timeoutMs } = wait;
    const timeout = () => new TooLate(`Cannot ${what}: no answer came for ${timeoutMs} ms`);
    // Before the asker begins to count: what is not expired when a kernel takes it is not given up either.
    const until = now() + timeoutMs;
    const ticket = this.#options.mailbox().expect({ kernel: peer.mailboxId, timeoutMs, timeout });
    const replyTo = { mailbox: mailboxId, ticket: ticket.number, until };
    const sent = this.deliver(peer.input, peer, message, replyTo, options);
    if (!this.#hasUsed(peer, "request")) this.#noteOnce(peer, "request", sent);
    try {
      if (sent !== SENT) await this.#awaitSending(sent, ticket);
      return await (wait.signal ? this.#untilAborted(ticket, peer, wait.signal) : ticket.answer);
    } catch (error) {
      throw await this.#explain(error, peer, ticket);
    }
  }

  /** Why there was no answer in time. Until that is known, the request counts as one that waits. */
  async #explain(error: unknown, peer: Peer, ticket: Ticket): Promise<unknown> {
    const { directory } = this.#options;
    try {
      if (!(error instanceof TooLate)) return error;
      directory.cancel(peer, ticket.number);
      return new QueueTimeoutError(error.message + await directory.explain(peer));
    } finally {
      this.#options.mailbox().forget(ticket);
    }
  }

  async #untilAborted(ticket: Ticket, peer: Peer, signal: AbortSignal): Promise<Envelope> {
    ticket.answer.catch(() => {});
    try {
      return await untilAborted(ticket.answer, signal);
    } finally {
      if (signal.aborted) {
        this.#options.mailbox().forget(ticket);
        this.#options.directory.cancel(peer, ticket.number);
      }
    }
  }

  /** Waits for a blocked send. Marks the answer as handled, so that its rejection surfaces from request(). */
  async #awaitSending(sent: Promise<void>, ticket: Ticket): Promise<void> {
    ticket.answer.catch(() => {});
    try {
      await sent;
    } catch (error) {
      this.#options.mailbox().forget(ticket);
      throw error;
    }
  }

  /** A kernel that this thread does not know, to receive from it. */
  async #peerInTime(kernel: string, options: WaitOptions | undefined): Promise<Peer> {
    const wait = waitOf(`receive from kernel "${kernel}"`, options);
    const found = this.#find(kernel, "receive from");
    await this.#inTime(found, kernel, "receive from", wait);
    return await found;
  }

  async #peer(kernel: string, action: string): Promise<Peer> {
    return this.#options.directory.known(kernel) ?? await this.#find(kernel, action);
  }

  async #find(kernel: string, action: string): Promise<Peer> {
    const peer = await this.#options.directory.find(kernel);
    if (peer) return peer;
    const near = suggest(kernel, this.#options.directory.ids());
    throw new KernelNotFoundError(
      `Cannot ${action} kernel ${Deno.inspect(kernel)}: none of that id was launched${near}`,
    );
  }
}

/** An answer has not come in time: why is asked before it is told. */
class TooLate extends Error {}

function whatOf(peers: readonly Peer[]): string {
  return `Cannot receive from kernels ${peers.map(({ kernel }) => JSON.stringify(kernel)).join(", ")}`;
}

/** A copy that stays as it is: records are written over each other. */
function copyOf(parcel: Parcel): Parcel {
  return parcel.carried instanceof Uint8Array ? { ...parcel, carried: new Uint8Array(parcel.carried) } : parcel;
}

/** A message that stays in this thread. */
function localParcel({ message, header, bytes }: LocalCopy, replyTo: ReplyTo | null, isTimed: boolean): Parcel {
  const { priority, kind } = header;
  const carried = new LocalItem(null, message, header, isTimed ? now() : 0, replyTo, bytes, bandOf(priority));
  return { carried, bytes, priority, messageType: kind.name };
}

/** How a kernel was used, as bits. */
const USES: Readonly<Record<KernelUse, number>> = { send: 1, receive: 2, request: 4 };
