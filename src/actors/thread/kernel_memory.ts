/** The shared memory of one kernel: its queues and its record. It is made at launch, and never grows. */

import { KERNEL_BYTES, KernelRecord } from "../../ring/kernel_record.ts";
import {
  makeRecordQueue,
  type RecordQueueDescription,
  type RecordQueueOptions,
  reserveRecordQueue,
} from "../../ring/queue_description.ts";
import { RecordQueue } from "../../ring/record_queue.ts";
import type { HandleOptions } from "../../ring/end.ts";
import { Arena, SharedMemory, type SharedMemoryHandle } from "../../ring/shared_memory.ts";
import type { RingKernelSettings } from "../ring_kernel.ts";
import type { MemoryBlocks } from "./memory_blocks.ts";
import { createLetterBox } from "./letter_in_hand.ts";
import { createTakenTable } from "./taken_table.ts";

/** A queue, with the memory that it lies in. */
export interface QueuePlace {
  /** Left out for a worker that has been sent it already. */
  readonly memory: SharedMemoryHandle | null;
  /** Of a memory that several kernels share: which one, so that a thread opens it once; otherwise `null`. */
  readonly block: number | null;
  readonly queue: RecordQueueDescription;
}

/** A mailbox for answers, in the memory of whoever waits for them. It can be posted. */
export interface MailboxDescription extends QueuePlace {
  /** Unique in a runtime, and never used again. The program's is 0. */
  readonly id: number;
  /** Whose it is: a kernel's id, for messages. */
  readonly owner: string;
  /** For messages: the option that says how long an answer may be. */
  readonly bytesOption: string;
}

/** Everything that is needed to open the memory of a kernel. It can be posted. */
export interface KernelMemoryDescription {
  readonly memory: SharedMemoryHandle | null;
  readonly block: number | null;
  readonly record: number;
  readonly input: QueuePlace;
  readonly output: QueuePlace;
  readonly mailbox: MailboxDescription;
  /** See {@link createTakenTable}. */
  readonly taken: SharedArrayBuffer;
  /** See {@link createLetterBox}; `null` if messages are done as soon as they are taken. */
  readonly inHand: SharedArrayBuffer | null;
}

/** Answers that a mailbox holds; who sends more has to wait. */
const MAILBOX_SIZE = 4096;
/** The most urgent messages that find room in a full input. */
const URGENT = 64;

function describeQueue(name: string, parties: number, records: number, bytes: number): RecordQueueOptions {
  return { name, parties, records, bytes, wait: "adaptive" };
}

/** How the memory of a kernel is made. */
export interface KernelMemoryOptions {
  readonly id: string;
  readonly mailboxId: number;
  /** How many threads there may be. */
  readonly parties: number;
  readonly settings: RingKernelSettings;
  /** The queues of the pool that it belongs to, if it does. */
  readonly pool?: PoolQueues;
  /** Where to make it, if it shares its memory with others. */
  readonly blocks?: MemoryBlocks;
}

/** The queues that the members of a pool share. */
export interface PoolQueues {
  readonly input: QueuePlace;
  readonly output: QueuePlace;
}

/** Makes the queues of a pool. */
export function createPoolQueues(id: string, parties: number, settings: RingKernelSettings): PoolQueues {
  const { queueSize, queueBytes } = settings;
  const arena = new Arena();
  const reserve = (name: string, records: number, bytes: number, urgentRecords: number) =>
    reserveRecordQueue(arena, { ...describeQueue(`${name} of ${id}`, parties, records, bytes), urgentRecords });
  const input = reserve("input", queueSize.input, queueBytes.input, URGENT);
  const output = reserve("output", queueSize.output, queueBytes.output, 0);
  const memory = SharedMemory.create(arena, `pool "${id}"`);
  for (const queue of [input, output]) makeRecordQueue(memory, queue);
  return {
    input: { memory: memory.handle, block: null, queue: input },
    output: { memory: memory.handle, block: null, queue: output },
  };
}

/** Makes the memory of a kernel. */
export function createKernelMemory(options: KernelMemoryOptions): KernelMemoryDescription {
  const { id, mailboxId, settings, pool, blocks } = options;
  const { place, record, queues: [input, output, mailbox] } = blocks ? blocks.place(options) : placeAlone(options);
  const bytesOption = `queueBytes of kernel "${id}", which asked`;
  return {
    ...place,
    record,
    input: pool?.input ?? { ...place, queue: input },
    output: pool?.output ?? { ...place, queue: output },
    mailbox: { id: mailboxId, owner: id, ...place, queue: mailbox, bytesOption },
    taken: createTakenTable(blocks !== undefined),
    inHand: settings.ack ? createLetterBox(settings.queueBytes.input) : null,
  };
}

/** What lies in the memory of a kernel. */
export interface KernelLayout {
  /** The address of its record. */
  readonly record: number;
  /** Its input, its output and its mailbox. */
  readonly queues: readonly [RecordQueueDescription, RecordQueueDescription, RecordQueueDescription];
}

/** Reserves room for a kernel. */
export function layOut(
  arena: Pick<Arena, "reserve">,
  { id, parties, settings, pool }: KernelMemoryOptions,
): KernelLayout {
  const { queueSize, queueBytes } = settings;
  const reserve = (name: string, records: number, bytes: number, urgentRecords = 0) =>
    reserveRecordQueue(arena, { ...describeQueue(`${name} of ${id}`, parties, records, bytes), urgentRecords });
  const record = arena.reserve(KERNEL_BYTES);
  // Members of a pool have none of their own.
  const inputBytes = pool ? 256 : queueBytes.input;
  const outputBytes = pool ? 256 : queueBytes.output;
  return {
    record,
    queues: [
      reserve("input", queueSize.input, inputBytes, URGENT),
      reserve("output", queueSize.output, outputBytes),
      reserve("mailbox", MAILBOX_SIZE, queueBytes.input),
    ],
  };
}

function placeAlone(options: KernelMemoryOptions): PlacedKernel {
  const arena = new Arena();
  const layout = layOut(arena, options);
  const memory = SharedMemory.create(arena, `kernel "${options.id}"`);
  for (const queue of layout.queues) makeRecordQueue(memory, queue);
  return { ...layout, place: { memory: memory.handle, block: null } };
}

/** A kernel's parts, in a memory. */
export interface PlacedKernel extends KernelLayout {
  readonly place: Pick<QueuePlace, "memory" | "block">;
}

/** The numbers of such memories tell them apart, also from those of another thread's runtime. */
let blocks = Math.floor(Math.random() * 2 ** 32) * 2 ** 20;

/** A number for a memory that several kernels share. */
export function newBlockNumber(): number {
  return ++blocks;
}

/** Memories that several kernels share, in this thread, by their numbers. */
const opened = new Map<number, WeakRef<SharedMemory>>();

/** Opens a memory. One that several kernels share is opened once by each thread. */
function openMemory({ memory, block }: Pick<QueuePlace, "memory" | "block">): SharedMemory {
  const known = block === null ? undefined : opened.get(block)?.deref();
  if (known) return known;
  const shared = new SharedMemory(memory!);
  if (block !== null) noteMemory(block, shared);
  return shared;
}

/** Memories that this thread keeps: a worker is sent each once. */
let kept: Set<SharedMemory> | undefined;

/** From now on, this thread keeps the memories that several kernels share. */
export function keepMemories(): void {
  kept ??= new Set();
}

/** Notes a memory that several kernels share, which this thread has made or opened. */
export function noteMemory(block: number, memory: SharedMemory): void {
  opened.set(block, new WeakRef(memory));
  kept?.add(memory);
}

/** Makes the memory of the program, which has a mailbox alone. */
export function createMailbox(owner: string, id: number, parties: number, bytes: number): MailboxDescription {
  const arena = new Arena();
  const queue = reserveRecordQueue(arena, describeQueue(`mailbox of ${owner}`, parties, MAILBOX_SIZE, bytes));
  const memory = SharedMemory.create(arena, owner);
  const block = newBlockNumber();
  noteMemory(block, memory);
  makeRecordQueue(memory, queue);
  return { id, owner, memory: memory.handle, block, queue, bytesOption: "the runtime's answerBytes" };
}

/** A thread's handles on the memory of a kernel. */
export interface KernelMemory {
  readonly record: KernelRecord;
  readonly input: RecordQueue;
  readonly output: RecordQueue;
  readonly mailbox: RecordQueue;
}

/** Opens the memory of a kernel for the thread of a number. */
export function openKernelMemory(
  { memory, block, record, input, output, mailbox }: KernelMemoryDescription,
  threadSlot: number,
  options: HandleOptions,
): KernelMemory {
  const shared = openMemory({ memory, block });
  const open = (place: QueuePlace) => {
    const own = place.block === null ? place.memory === memory : place.block === block;
    return new RecordQueue(own ? shared : openMemory(place), place.queue, threadSlot, options);
  };
  return {
    record: new KernelRecord(shared, record),
    input: open(input),
    output: open(output),
    mailbox: open(mailbox),
  };
}

/** Opens a mailbox for the thread of a number. */
export function openMailbox(mailbox: MailboxDescription, threadSlot: number, options: HandleOptions): RecordQueue {
  return new RecordQueue(openMemory(mailbox), mailbox.queue, threadSlot, options);
}
