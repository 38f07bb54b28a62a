/** The shared memory of one kernel: its queues and its record. It is made at launch, and never grows. */

import type { HandleOptions } from "../../ring/ring_ends.ts";
import { KERNEL_BYTES, KernelRecord } from "../../ring/kernel_record.ts";
import {
  makeRecordQueue,
  type RecordQueueDescription,
  type RecordQueueOptions,
  reserveRecordQueue,
} from "../../ring/queue_description.ts";
import { RecordQueue } from "../../ring/record_queue.ts";
import { Arena, SharedMemory, type SharedMemoryHandle } from "../../ring/shared_memory.ts";
import type { RingKernelSettings } from "../ring_kernel.ts";

/** A mailbox for answers, in the memory of whoever waits for them. It can be posted. */
export interface MailboxDescription {
  /** Unique in a runtime, and never used again. The program's is 0. */
  readonly number: number;
  /** Whose it is: a kernel's id, for messages. */
  readonly owner: string;
  readonly memory: SharedMemoryHandle;
  readonly queue: RecordQueueDescription;
}

/** Everything that is needed to open the memory of a kernel. It can be posted. */
export interface KernelMemoryDescription {
  readonly memory: SharedMemoryHandle;
  readonly record: number;
  readonly input: RecordQueueDescription;
  readonly output: RecordQueueDescription;
  readonly mailbox: MailboxDescription;
}

/** Answers that a mailbox holds; who sends more has to wait. */
const MAILBOX_SIZE = 4096;

function describeQueue(name: string, parties: number, records: number, bytes: number): RecordQueueOptions {
  return { name, parties, records, bytes, wait: "adaptive" };
}

/** Makes the memory of a kernel. `parties` is how many threads there may be. */
export function createKernelMemory(
  id: string,
  number: number,
  parties: number,
  { queueSize, queueBytes }: RingKernelSettings,
): KernelMemoryDescription {
  const arena = new Arena();
  const reserve = (name: string, records: number) =>
    reserveRecordQueue(arena, describeQueue(`${name} of ${id}`, parties, records, queueBytes));
  const record = arena.reserve(KERNEL_BYTES);
  const input = reserve("input", queueSize), output = reserve("output", queueSize);
  const mailbox = reserve("mailbox", MAILBOX_SIZE);
  const memory = SharedMemory.create(arena, `kernel "${id}"`);
  for (const queue of [input, output, mailbox]) makeRecordQueue(memory, queue);
  const { handle } = memory;
  return { memory: handle, record, input, output, mailbox: { number, owner: id, memory: handle, queue: mailbox } };
}

/** Makes the memory of the program, which has a mailbox alone. */
export function createMailbox(owner: string, number: number, parties: number, bytes: number): MailboxDescription {
  const arena = new Arena();
  const queue = reserveRecordQueue(arena, describeQueue(`mailbox of ${owner}`, parties, MAILBOX_SIZE, bytes));
  const memory = SharedMemory.create(arena, owner);
  makeRecordQueue(memory, queue);
  return { number, owner, memory: memory.handle, queue };
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
  party: number,
  options: HandleOptions,
): KernelMemory {
  const shared = new SharedMemory(memory);
  const open = (queue: RecordQueueDescription) => new RecordQueue(shared, queue, party, options);
  return {
    record: new KernelRecord(shared, record),
    input: open(input),
    output: open(output),
    mailbox: open(mailbox.queue),
  };
}

/** Opens a mailbox for the thread of a number. */
export function openMailbox({ memory, queue }: MailboxDescription, party: number, options: HandleOptions): RecordQueue {
  return new RecordQueue(new SharedMemory(memory), queue, party, options);
}
