/** The kernels of a runtime: finds them, and answers what their workers ask. */

import type { WaitFigures } from "../../ring/kernel_record.ts";
import { RecordQueue } from "../../ring/record_queue.ts";
import { warn } from "../../notices.ts";
import { formatCount, formatDuration } from "../../units.ts";
import { reportError } from "../../worker/error_report.ts";
import type { KernelError } from "../errors.ts";
import type { KernelLink } from "../kernel_link.ts";
import { decodeMessage } from "../message/message_record.ts";
import type { Message } from "../message.ts";
import type { KernelWait } from "../telemetry.ts";
import { type MailboxDescription, mailboxOf } from "../thread/kernel_memory.ts";
import type { KernelGone, KernelQuestion, RuntimeCall } from "../thread/kernel_protocol.ts";
import type { Letter } from "../thread/letter_in_hand.ts";
import type { Outlet } from "../thread/outlet.ts";
import { openAnswers, type OpenPeer, type ThreadAccess } from "../thread/peer.ts";
import type { Directory, Peer } from "../thread/post_office.ts";
import type { Mailboxes } from "../thread/settler.ts";
import type { TakenRequest } from "../thread/taken_table.ts";
import type { DeadLetters } from "../dead_letters.ts";
import { type KernelLife, type Knower, sinceMs } from "./kernel_life.ts";
import { Silences } from "./silence.ts";
import type { Pool } from "./pool.ts";
import { Waits } from "./waits.ts";

/** What a {@link Registry} works with. */
export interface RegistryOptions {
  /** The program's own mailbox. */
  readonly mailbox: MailboxDescription;
  readonly mailboxQueue: RecordQueue;
  readonly deadLetters: DeadLetters;
  /** The inboxes of workers that kernels share. */
  stations(): Iterable<RecordQueue>;
  /** How the program's thread opens mailboxes. */
  access(): ThreadAccess;
  /** Does what a kernel has asked for. */
  call(life: KernelLife, what: Exclude<RuntimeCall, { method: "explain" }>): Promise<unknown>;
}

/** All kernels that were launched. */
export class Registry implements Directory, Mailboxes {
  /** By their ids; of each id, the last. */
  readonly lives = new Map<string, KernelLife>();
  /** By their ids. */
  readonly pools = new Map<string, Pool>();
  readonly #options: RegistryOptions;
  readonly #byMailbox = new Map<number, KernelLife>();
  readonly #mailboxes = new Map<number, Outlet>();
  readonly #links = new Map<string, KernelLink>();
  readonly #children = new Map<string, Set<KernelLife>>();
  readonly #waits = new Waits(this.lives, this.pools);
  readonly #silences = new Silences(this.#waits);

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Adds a kernel that is about to be launched. One of its id that has ended is forgotten. */
  add(life: KernelLife): void {
    this.pools.delete(life.id);
    this.lives.get(life.id)?.forget();
    this.lives.set(life.id, life);
    this.#byMailbox.set(life.peer.mailboxId, life);
    this.#forgetLinks(life.id);
    if (life.parent === null) return;
    const children = this.#children.get(life.parent) ?? new Set();
    this.#children.set(life.parent, children.add(life));
  }

  /** A child that the call before has launched under this id may be on its way out. */
  async whenChildIsGone(id: string, parent: KernelLife): Promise<void> {
    const last = this.lives.get(id);
    if (last?.parent === parent.id && last.state === "terminating") await last.ended;
  }

  /** Forgets a kernel that has ended, with its figures and what it has sent. */
  remove(life: KernelLife): void {
    // Another one of its id has taken its place before.
    if (this.lives.get(life.id) !== life) return;
    this.lives.delete(life.id);
    life.forget();
    this.#forgetLinks(life.id);
  }

  /** Who has used whom. */
  get links(): readonly KernelLink[] {
    return [...this.#links.values()];
  }

  /** A worker that was started again tells what is known already. */
  noteUse(link: KernelLink): void {
    this.#links.set(JSON.stringify(link), link);
  }

  /** A kernel of an id that was used before has done nothing yet. */
  #forgetLinks(id: string): void {
    for (const [key, { user, kernel }] of this.#links) if (user === id || kernel === id) this.#links.delete(key);
  }

  // How the program's thread finds kernels.

  known(id: string): Peer | undefined {
    return this.pools.get(id)?.peer ?? this.lives.get(id)?.peer;
  }

  find(id: string): Promise<Peer | null> {
    return Promise.resolve(this.known(id) ?? null);
  }

  *ids(): Generator<string> {
    yield* this.pools.keys();
    yield* this.lives.keys();
  }

  forget(): void {}

  explain({ mailboxId }: Peer): Promise<string> {
    return Promise.resolve(this.#explain(mailboxId, null));
  }

  #explain(mailboxId: number, asker: string | null): string {
    const asked = this.#idOf(mailboxId);
    if (asked === null) return "";
    return this.#silences.explain({ asked, state: this.#byMailbox.get(mailboxId)?.state, asker });
  }

  /** The kernel, or the pool, of a mailbox; `null` if it has ended. */
  #idOf(mailboxId: number): string | null {
    const one = this.#byMailbox.get(mailboxId);
    return one?.id ?? [...this.pools.values()].find(({ peer }) => peer.mailboxId === mailboxId)?.id ?? null;
  }

  cancel({ mailboxId }: Peer, ticket: number): void {
    this.passCancel(mailboxId, { mailbox: 0, ticket });
  }

  /** Tells a kernel, or all of a pool, that nobody waits for an answer any more. */
  passCancel(mailboxId: number, request: TakenRequest): void {
    const pool = [...this.pools.values()].find(({ peer }) => peer.mailboxId === mailboxId);
    const one = this.#byMailbox.get(mailboxId);
    const lives = pool?.members ?? (one ? [one] : []);
    for (const life of lives) if (life.state !== "terminated") life.post({ kind: "cancel", request });
  }

  knownMailbox(id: number): Outlet | undefined {
    return this.#mailboxes.get(id) ?? this.#open(id);
  }

  findMailbox(id: number): Promise<Outlet | null> {
    return Promise.resolve(this.knownMailbox(id) ?? null);
  }

  #open(id: number): Outlet | undefined {
    const description = this.mailboxOf(id);
    if (!description) return undefined;
    const opened = openAnswers(description, this.#options.access());
    this.#mailboxes.set(id, opened);
    return opened;
  }

  /** The mailbox of an id; `null` if its owner has ended. */
  mailboxOf(id: number): MailboxDescription | null {
    if (id === 0) return this.#options.mailbox;
    const owner = this.#byMailbox.get(id);
    return owner && owner.state !== "terminated" ? mailboxOf(owner.id, owner.description.memory) : null;
  }

  /** All queues that a thread may have used. */
  *queues(): Iterable<RecordQueue> {
    yield this.#options.mailboxQueue;
    yield* this.#options.stations();
    for (const { peer } of this.pools.values()) yield* queuesOf(peer);
    for (const { peer } of this.#byMailbox.values()) yield* queuesOf(peer);
  }

  // Calls by the lives of kernels.

  announce(life: KernelLife, gone: KernelGone): void {
    this.#byMailbox.delete(gone.mailboxId);
    this.#mailboxes.delete(gone.mailboxId);
    life.tellKnowers({ kind: "gone", gone });
    if (life.parent !== null) this.#children.get(life.parent)?.delete(life);
  }

  endChildren({ id }: KernelLife): void {
    const children = this.#children.get(id);
    this.#children.delete(id);
    for (const child of children ?? []) if (child.state !== "terminated") child.mustTerminate();
  }

  bury(life: KernelLife, { record, attempts }: Letter, error: KernelError | null): void {
    this.#options.deadLetters.add({ kernel: life.id, message: readMessage(record, life.id), attempts, error });
  }

  nameWait(kind: KernelWait["kind"], { mailbox, since }: WaitFigures): KernelWait {
    return { kind, kernel: mailbox === 0 ? null : this.#idOf(mailbox), sinceMs: sinceMs(since) };
  }

  /** Kernels that wait for each other, in a circle: each circle once. */
  get cycles(): readonly (readonly string[])[] {
    return this.#waits.circles;
  }

  /** Answers what a kernel's worker asks. */
  onQuestion(life: KernelLife, question: Exclude<KernelQuestion, { kind: "dead letter" }>): void {
    switch (question.kind) {
      case "find":
        return this.tellPeer(life, question.id);
      case "find mailbox":
        return this.tellMailbox(life, question.id);
      case "used":
        return this.noteUse({ user: life.id, kernel: question.id, by: question.by });
      case "cancel":
        return this.passCancel(question.mailboxId, question.request);
      case "call":
        return void this.#call(life, question.call, question.what);
    }
  }

  /** Tells a worker of a kernel, or a pool. */
  tellPeer(knower: Knower, id: string): void {
    const found = this.lives.get(id);
    found?.noteKnower(knower);
    const peer = this.pools.get(id)?.description ?? found?.description ?? null;
    knower.post({ kind: "peer", id, peer });
  }

  /** Tells a worker of a mailbox. */
  tellMailbox(knower: Knower, id: number): void {
    this.#byMailbox.get(id)?.noteKnower(knower);
    knower.post({ kind: "mailbox", id, mailbox: this.mailboxOf(id) });
  }

  /** Warns of a kernel that holds up its worker. */
  warnOfHolding(mailbox: number, sinceMs: number, others: number): void {
    const { id } = this.#byMailbox.get(mailbox) ?? { id: "(ended)" };
    const what = `Kernel "${id}" has held up its worker for ${formatDuration(sinceMs)}`;
    warn(`${what}, and ${formatCount(others)} other kernels with it: launch it with worker: "dedicated"`);
  }

  async #call(life: KernelLife, call: number, what: RuntimeCall): Promise<void> {
    try {
      const value = what.method === "explain"
        ? this.#explain(what.mailboxId, life.id)
        : await this.#options.call(life, what);
      life.post({ kind: "called", call, outcome: { value } });
    } catch (error) {
      life.post({ kind: "called", call, outcome: { error: reportError(error) } });
    }
  }
}

function* queuesOf({ memory: { input, output, mailbox } }: OpenPeer): Iterable<RecordQueue> {
  for (const queue of [input, output.ifMade, mailbox]) if (queue instanceof RecordQueue) yield queue;
}

function readMessage(record: Uint8Array<ArrayBuffer>, kernel: string): Message | null {
  try {
    return decodeMessage(record, kernel).message as unknown as Message;
  } catch {
    // This thread does not know the type.
    return null;
  }
}
