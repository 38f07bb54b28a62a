/** Opens what a thread is told of a kernel. */

import type { HandleOptions } from "../../ring/end.ts";
import { RecordQueue } from "../../ring/record_queue.ts";
import { reportDrop } from "../message/failure.ts";
import { replyToIn } from "../message/message_record.ts";
import { RemoteAnswers, RemoteInput } from "./gauged_queue.ts";
import type { RecordBytes } from "../message/sheet.ts";
import type { Backpressure } from "../ring_kernel.ts";
import type { InputGauge } from "./input_gauge.ts";
import {
  type KernelMemory,
  type KernelMemoryDescription,
  type MailboxDescription,
  openKernelMemory,
  openMailbox,
} from "./kernel_memory.ts";
import type { PeerDescription } from "./kernel_protocol.ts";
import type { LocalPost } from "./local_post.ts";
import { Outlet, type OutletQueue, queueOf } from "./outlet.ts";
import type { Peer } from "./post_office.ts";
import type { Settler } from "./settler.ts";
import { openStation } from "./station.ts";

/** A kernel, with all handles on its memory. */
export interface OpenPeer extends Peer {
  readonly memory: KernelMemory;
}

/** How a thread opens things. */
export interface ThreadAccess {
  /** The thread's number in queues. */
  readonly threadSlot: number;
  readonly handles: HandleOptions;
  /** Fails requests that this thread has to drop. */
  readonly settler: Settler;
  /** The post of this thread, if kernels share it. */
  readonly local?: LocalPost;
}

/** The ids of the kernel's mailbox, as nobody else has them. */
function mailboxIdOf(memory: KernelMemoryDescription): number {
  return "gauge" in memory ? memory.kernel : memory.mailbox.id;
}

function inputOf(memory: KernelMemoryDescription, input: RecordQueue | InputGauge, access: ThreadAccess): OutletQueue {
  if (input instanceof RecordQueue || !("gauge" in memory)) return queueOf(input as RecordQueue);
  return access.local?.inputOf(input.kernel) ??
    new RemoteInput(input, openStation(memory.station, access.threadSlot));
}

/** A kernel, as a thread has opened it. */
class KernelPeer implements OpenPeer {
  readonly kernel: string;
  readonly mailboxId: number;
  readonly types: ReadonlySet<string> | null;
  readonly input: Outlet;
  readonly memory: KernelMemory;
  readonly #settler: Settler;
  readonly backpressure: Backpressure;

  constructor({ id, memory, backpressure, types }: PeerDescription, access: ThreadAccess) {
    const { threadSlot, handles, settler } = access;
    this.kernel = id;
    this.mailboxId = mailboxIdOf(memory);
    this.types = types && setOf(types);
    this.memory = openKernelMemory(memory, threadSlot, handles);
    this.#settler = settler;
    this.backpressure = backpressure;
    this.input = new Outlet(inputOf(memory, this.memory.input, access), this);
  }

  get output(): RecordQueue {
    return this.memory.output.queue;
  }

  // What its outlet is about.

  get mailbox(): number {
    return this.mailboxId;
  }

  get place(): string {
    return `to kernel "${this.kernel}"`;
  }

  get bytesOption(): string {
    return `queueBytes of kernel "${this.kernel}"`;
  }

  onDropped(record: RecordBytes): void {
    const replyTo = replyToIn(record);
    if (replyTo) this.#settler.settle(replyTo, reportDrop(this.kernel));
  }
}

/** Sets of names, which kernels of one definition have in common. */
const sets = new Map<string, ReadonlySet<string>>();
const MOST_SETS = 1000;

function setOf(names: readonly string[]): ReadonlySet<string> {
  const key = JSON.stringify(names);
  const set = sets.get(key) ?? new Set(names);
  if (sets.size < MOST_SETS) sets.set(key, set);
  return set;
}

/** Opens a kernel's memory. */
export function openPeer(description: PeerDescription, access: ThreadAccess): OpenPeer {
  return new KernelPeer(description, access);
}

/** Opens a mailbox to send answers to. */
export function openAnswers(mailbox: MailboxDescription, { threadSlot, handles, local }: ThreadAccess): Outlet {
  const { owner, id, queue, station, bytes, bytesOption } = mailbox;
  const own = local?.answersTo(id);
  if (own) return own;
  const answers = queue
    ? queueOf(openMailbox(queue, threadSlot, handles))
    : new RemoteAnswers(id, bytes / 2, openStation(station!, threadSlot));
  return new Outlet(answers, {
    kernel: owner,
    mailbox: id,
    backpressure: "block",
    place: `to the mailbox of ${owner}`,
    bytesOption,
  });
}
