/** What a kernel's worker knows of other kernels, and what it asks its runtime. */

import { rebuildKnownError } from "../errors_of_runtime.ts";
import type { FromKernel, FromSharedHost, KernelGone, RuntimeCall, ToKernel } from "./kernel_protocol.ts";
import type { Outlet } from "./outlet.ts";
import { openAnswers, openPeer, type ThreadAccess } from "./peer.ts";
import type { Directory, Peer } from "./post_office.ts";
import type { TakenRequest } from "./taken_table.ts";
import type { Mailboxes } from "./settler.ts";

/** Answers that are asked for, by what they are about. */
class Questions<Key, Answer> {
  readonly #asked = new Map<Key, PromiseWithResolvers<Answer>>();
  readonly #ask: (key: Key) => void;

  constructor(ask: (key: Key) => void) {
    this.#ask = ask;
  }

  ask(key: Key): Promise<Answer> {
    let question = this.#asked.get(key);
    if (!question) {
      this.#asked.set(key, question = Promise.withResolvers());
      this.#ask(key);
    }
    return question.promise;
  }

  answer(key: Key, answer: Answer): void {
    this.#asked.get(key)?.resolve(answer);
    this.#asked.delete(key);
  }
}

/** How a thread asks its runtime. */
export type AskRuntime = (question: Extract<FromSharedHost, { kind: "find" | "find mailbox" }>) => void;

/** Kernels and mailboxes, as a thread knows them: the runtime tells it of each once. */
export class ThreadDirectory implements Mailboxes {
  readonly #access: () => ThreadAccess;
  readonly #peers = new Map<string, Peer>();
  readonly #mailboxes = new Map<number, Outlet>();
  readonly #peerQuestions: Questions<string, Peer | null>;
  readonly #mailboxQuestions: Questions<number, Outlet | null>;

  constructor(access: () => ThreadAccess, ask: AskRuntime) {
    this.#access = access;
    this.#peerQuestions = new Questions((id) => ask({ kind: "find", id }));
    this.#mailboxQuestions = new Questions((id) => ask({ kind: "find mailbox", id }));
  }

  known(id: string): Peer | undefined {
    return this.#peers.get(id);
  }

  async find(id: string): Promise<Peer | null> {
    // JavaScript may give anything: only texts are ids, and the runtime takes no other question.
    if (typeof id !== "string") return null;
    return this.#peers.get(id) ?? await this.#peerQuestions.ask(id);
  }

  ids(): Iterable<string> {
    return this.#peers.keys();
  }

  forget(peer: Peer): void {
    if (this.#peers.get(peer.kernel) === peer) this.#peers.delete(peer.kernel);
  }

  knownMailbox(id: number): Outlet | undefined {
    return this.#access().local?.answersTo(id) ?? this.#mailboxes.get(id);
  }

  async findMailbox(id: number): Promise<Outlet | null> {
    return this.knownMailbox(id) ?? await this.#mailboxQuestions.ask(id);
  }

  /** Notes what the runtime has answered. */
  onAnswer(message: Extract<ToKernel, { kind: "peer" | "mailbox" }>): void {
    if (message.kind === "peer") {
      const peer = message.peer && openPeer(message.peer, this.#access());
      if (peer) this.#peers.set(message.id, peer);
      this.#peerQuestions.answer(message.id, peer);
    } else {
      const mailbox = message.mailbox && openAnswers(message.mailbox, this.#access());
      if (mailbox) this.#mailboxes.set(message.id, mailbox);
      this.#mailboxQuestions.answer(message.id, mailbox);
    }
  }

  /** Forgets a kernel that has ended. */
  forgetKernel({ id, mailboxId }: KernelGone): void {
    this.#mailboxes.delete(mailboxId);
    if (this.#peers.get(id)?.mailboxId === mailboxId) this.#peers.delete(id);
  }
}

/** What one kernel knows of others, and what it asks its runtime. */
export class WorkerDirectory implements Directory {
  /** What its thread knows. */
  readonly thread: ThreadDirectory;
  readonly #mailboxId: number;
  readonly #post: (message: FromKernel) => void;
  #calls: Map<number, PromiseWithResolvers<unknown>> | undefined;
  #lastCall = 0;

  /** `mailboxId` is that of the kernel. */
  constructor(mailboxId: number, thread: ThreadDirectory, post: (message: FromKernel) => void) {
    this.#mailboxId = mailboxId;
    this.thread = thread;
    this.#post = post;
  }

  known(id: string): Peer | undefined {
    return this.thread.known(id);
  }

  find(id: string): Promise<Peer | null> {
    return this.thread.find(id);
  }

  ids(): Iterable<string> {
    return this.thread.ids();
  }

  forget(peer: Peer): void {
    this.thread.forget(peer);
  }

  cancel({ mailboxId }: Peer, ticket: number): void {
    this.#post({ kind: "cancel", mailboxId, request: { mailbox: this.#mailboxId, ticket } });
  }

  /** Passes on that nobody waits any more for the answer of a request, which was handed on. */
  passCancel({ mailboxId }: Peer, request: TakenRequest): void {
    this.#post({ kind: "cancel", mailboxId, request });
  }

  async explain({ mailboxId }: Peer): Promise<string> {
    return await this.call({ method: "explain", mailboxId }).catch(() => "") as string;
  }

  /** Asks the runtime to do something. Settles as that does. */
  call(what: RuntimeCall): Promise<unknown> {
    const call = ++this.#lastCall;
    const outcome = Promise.withResolvers<unknown>();
    this.#calls ??= new Map();
    this.#calls.set(call, outcome);
    try {
      this.#post({ kind: "call", call, what });
    } catch (error) {
      this.#calls.delete(call);
      outcome.reject(error);
    }
    return outcome.promise;
  }

  /** Notes how a call has ended. */
  onCalled({ call, outcome }: Extract<ToKernel, { kind: "called" }>): void {
    const waiting = this.#calls?.get(call);
    this.#calls?.delete(call);
    if ("error" in outcome) waiting?.reject(rebuildKnownError(outcome.error));
    else waiting?.resolve(outcome.value);
  }
}
