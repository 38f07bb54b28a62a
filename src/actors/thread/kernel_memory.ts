/** The shared memory of one kernel: its queues and its record. It is made at launch, and never grows. */

import { KERNEL_BYTES, KernelRecord } from "../../ring/kernel_record.ts";
import {
  makeRecordQueue,
  type RecordQueueDescription,
  type RecordQueueOptions,
  reserveRecordQueue,
} from "../../ring/queue_description.ts";
import { RecordQueue } from "../../ring/record_queue.ts";
import type { HandleOptions } from "../../ring/ring_ends.ts";
import { Arena, SharedMemory, type SharedMemoryHandle } from "../../ring/shared_memory.ts";
import type { RingKernelSettings } from "../ring_kernel.ts";
import { createLetterBox } from "./letter_in_hand.ts";
import { createTakenTable } from "./taken_table.ts";

/** A queue, with the memory that it lies in. */
export interface QueuePlace {
  readonly memory: SharedMemoryHandle;
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
  readonly memory: SharedMemoryHandle;
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
  return { input: { memory: memory.handle, queue: input }, output: { memory: memory.handle, queue: output } };
}

/** Makes the memory of a kernel. */
export function createKernelMemory(
  { id, mailboxId, parties, settings, pool }: KernelMemoryOptions,
): KernelMemoryDescription {
  const { queueSize, queueBytes } = settings;
  const arena = new Arena();
  const reserve = (name: string, records: number, bytes: number, urgentRecords = 0) =>
    reserveRecordQueue(arena, { ...describeQueue(`${name} of ${id}`, parties, records, bytes), urgentRecords });
  const record = arena.reserve(KERNEL_BYTES);
  const input = pool ? undefined : reserve("input", queueSize.input, queueBytes.input, URGENT);
  const output = pool ? undefined : reserve("output", queueSize.output, queueBytes.output);
  const mailbox = reserve("mailbox", MAILBOX_SIZE, queueBytes.input);
  const memory = SharedMemory.create(arena, `kernel "${id}"`);
  for (const queue of [input, output, mailbox]) if (queue) makeRecordQueue(memory, queue);
  const { handle } = memory;
  const bytesOption = `queueBytes of kernel "${id}", which asked`;
  return {
    memory: handle,
    record,
    input: pool?.input ?? { memory: handle, queue: input! },
    output: pool?.output ?? { memory: handle, queue: output! },
    mailbox: { id: mailboxId, owner: id, memory: handle, queue: mailbox, bytesOption },
    taken: createTakenTable(),
    inHand: settings.ack ? createLetterBox(queueBytes.input) : null,
  };
}

/** Makes the memory of the program, which has a mailbox alone. */
export function createMailbox(owner: string, id: number, parties: number, bytes: number): MailboxDescription {
  const arena = new Arena();
  const queue = reserveRecordQueue(arena, describeQueue(`mailbox of ${owner}`, parties, MAILBOX_SIZE, bytes));
  const memory = SharedMemory.create(arena, owner);
  makeRecordQueue(memory, queue);
  return { id, owner, memory: memory.handle, queue, bytesOption: "the runtime's answerBytes" };
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
  { memory, record, input, output, mailbox }: KernelMemoryDescription,
  threadSlot: number,
  options: HandleOptions,
): KernelMemory {
  const shared = new SharedMemory(memory);
  const open = (place: QueuePlace) => {
    const memoryOf = place.memory === memory ? shared : new SharedMemory(place.memory);
    return new RecordQueue(memoryOf, place.queue, threadSlot, options);
  };
  return {
    record: new KernelRecord(shared, record),
    input: open(input),
    output: open(output),
    mailbox: open(mailbox),
  };
}

/** Opens a mailbox for the thread of a number. */
export function openMailbox(
  { memory, queue }: MailboxDescription,
  threadSlot: number,
  options: HandleOptions,
): RecordQueue {
  return new RecordQueue(new SharedMemory(memory), queue, threadSlot, options);
}
