/** What a kernel's worker knows of other kernels. The main thread tells it of each once. */

import type { HandleOptions } from "../../ring/ring_ends.ts";
import { type MailboxDescription, openMailbox } from "./kernel_memory.ts";
import { Outlet } from "./outlet.ts";
import { openPeer } from "./peer.ts";
import type { Directory, Peer } from "./post_office.ts";
import type { FromKernel, KernelGone, ToKernel } from "./kernel_protocol.ts";

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

/** Kernels and mailboxes, as a worker knows them. */
export class WorkerDirectory implements Directory {
  readonly #party: number;
  readonly #options: HandleOptions;
  readonly #peers = new Map<string, Peer>();
  readonly #mailboxes = new Map<number, Outlet>();
  readonly #peerQuestions: Questions<string, Peer | null>;
  readonly #mailboxQuestions: Questions<number, Outlet | null>;

  constructor(party: number, options: HandleOptions, post: (message: FromKernel) => void) {
    this.#party = party;
    this.#options = options;
    this.#peerQuestions = new Questions((id) => post({ kind: "find", id }));
    this.#mailboxQuestions = new Questions((number) => post({ kind: "find mailbox", number }));
  }

  known(id: string): Peer | undefined {
    return this.#peers.get(id);
  }

  async find(id: string): Promise<Peer | null> {
    return this.#peers.get(id) ?? await this.#peerQuestions.ask(id);
  }

  forget(peer: Peer): void {
    if (this.#peers.get(peer.kernel) === peer) this.#peers.delete(peer.kernel);
  }

  /** The mailbox of a number, if it is known. */
  knownMailbox(number: number): Outlet | undefined {
    return this.#mailboxes.get(number);
  }

  /** The mailbox of a number; `null` if its owner has ended. */
  async findMailbox(number: number): Promise<Outlet | null> {
    return this.#mailboxes.get(number) ?? await this.#mailboxQuestions.ask(number);
  }

  /** Notes what the main thread has answered. */
  hear(message: Extract<ToKernel, { kind: "peer" | "mailbox" }>): void {
    if (message.kind === "peer") {
      const peer = message.peer && openPeer(message.peer, this.#party, this.#options);
      if (peer) this.#peers.set(message.id, peer);
      this.#peerQuestions.answer(message.id, peer);
    } else {
      const mailbox = message.mailbox && this.#open(message.mailbox);
      if (mailbox) this.#mailboxes.set(message.number, mailbox);
      this.#mailboxQuestions.answer(message.number, mailbox);
    }
  }

  #open(mailbox: MailboxDescription): Outlet {
    const { owner } = mailbox, queue = openMailbox(mailbox, this.#party, this.#options);
    return new Outlet(queue, owner, "block", `to the mailbox of ${owner}`);
  }

  /** Forgets a kernel that has ended. */
  lose({ id, number }: KernelGone): void {
    this.#mailboxes.delete(number);
    if (this.#peers.get(id)?.number === number) this.#peers.delete(id);
  }
}
