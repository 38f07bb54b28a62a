/** The shared memory of one kernel: its queues and its record. It is made at launch, and never grows. */

import { KERNEL_BYTES, KernelRecord } from "../../ring/kernel_record.ts";
import { makeRecordQueue, type RecordQueueOptions, reserveRecordQueue } from "../../ring/queue_description.ts";
import { RecordQueue } from "../../ring/record_queue.ts";
import type { HandleOptions } from "../../ring/end.ts";
import { Arena, SharedMemory } from "../../ring/shared_memory.ts";
import type { RingKernelSettings } from "../ring_kernel.ts";
import { InputGauge, type InputLimits } from "./input_gauge.ts";
import { LazyOutput, MadeOutput, type Output } from "./lazy_output.ts";
import { createLetterBox } from "./letter_in_hand.ts";
import { type MemoryPlace, newBlockNumber, noteMemory, openMemory, type QueuePlace } from "./open_memory.ts";
import type { StationDescription } from "./station.ts";
import { createTakenTable } from "./taken_table.ts";

/** A mailbox for answers, of whoever waits for them. It can be posted. */
export interface MailboxDescription {
  /** Unique in a runtime, and never used again. The program's is 0. */
  readonly id: number;
  /** Whose it is: a kernel's id, for messages. */
  readonly owner: string;
  /** Its queue; `null` of a kernel that shares its worker. */
  readonly queue: QueuePlace | null;
  /** Of such a kernel: where its worker gets what comes. */
  readonly station: StationDescription | null;
  /** The bytes of a band of it. */
  readonly bytes: number;
  /** For messages: the option that says how long an answer may be. */
  readonly bytesOption: string;
}

/** Everything that is needed to open the memory of a kernel. It can be posted. */
export type KernelMemoryDescription = OwnMemory | SharedMemoryPlace;

/** The memory of a kernel that has a worker of its own. */
export interface OwnMemory extends MemoryPlace {
  readonly record: number;
  readonly input: QueuePlace;
  readonly output: QueuePlace;
  readonly mailbox: MailboxDescription;
  /** See {@link createTakenTable}. */
  readonly taken: SharedArrayBuffer;
  /** See {@link createLetterBox}; `null` if messages are done as soon as they are taken. */
  readonly inHand: SharedArrayBuffer | null;
}

/** What the inputs and outputs of kernels of one definition hold. */
export interface QueueSizes {
  readonly inputs: InputLimits;
  readonly outputRecords: number;
  readonly outputBytes: number;
}

/** The memory of a kernel that shares its worker: what comes from other threads goes through that worker's station. */
export interface SharedMemoryPlace extends MemoryPlace {
  readonly record: number;
  /** The addresses of its gauge, and of its output, which is made when it is used. */
  readonly gauge: number;
  readonly output: number;
  /** The kernel, by the id of its mailbox. */
  readonly kernel: number;
  readonly sizes: QueueSizes;
  readonly station: StationDescription;
  /** The queues of the pool that it belongs to, if it does. */
  readonly pool: PoolQueues | null;
  /** See {@link createLetterBox}; `null` if messages are done as soon as they are taken. */
  readonly inHand: SharedArrayBuffer | null;
}

/** The sizes of the queues of a definition, which all of its kernels have in common. */
const sizes = new WeakMap<RingKernelSettings, QueueSizes>();

/** What the inputs and outputs of kernels with these settings hold. */
export function sizesOf(settings: RingKernelSettings): QueueSizes {
  let known = sizes.get(settings);
  if (known) return known;
  const { queueSize, queueBytes } = settings;
  known = {
    inputs: { records: queueSize.input, bytes: 2 ** Math.ceil(Math.log2(queueBytes.input)), urgentRecords: URGENT },
    outputRecords: queueSize.output,
    outputBytes: queueBytes.output,
  };
  sizes.set(settings, known);
  return known;
}

/** The mailbox of a kernel. */
export function mailboxOf(id: string, memory: KernelMemoryDescription): MailboxDescription {
  if (!("gauge" in memory)) return memory.mailbox;
  const { kernel, station, sizes: { inputs: { bytes } } } = memory;
  return { id: kernel, owner: id, queue: null, station, bytes, bytesOption: bytesOptionOf(id) };
}

/** Answers that a mailbox holds; who sends more has to wait. */
const MAILBOX_SIZE = 4096;
/** The most urgent messages that find room in a full input. */
const URGENT = 64;

/** How a queue of a kernel is made. */
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
  return {
    input: { memory: memory.handle, block: null, queue: input },
    output: { memory: memory.handle, block: null, queue: output },
  };
}

/** For messages: the option that says how long an answer to a kernel may be. */
function bytesOptionOf(id: string): string {
  return `queueBytes of kernel "${id}", which asked`;
}

/** Makes the memory of a kernel that has a worker of its own. */
export function createKernelMemory(
  { id, mailboxId, parties, settings, pool }: KernelMemoryOptions,
): OwnMemory {
  const { queueSize, queueBytes } = settings;
  const arena = new Arena();
  const reserve = (name: string, records: number, bytes: number, urgentRecords = 0) =>
    reserveRecordQueue(arena, { ...describeQueue(`${name} of ${id}`, parties, records, bytes), urgentRecords });
  const record = arena.reserve(KERNEL_BYTES);
  // Members of a pool have no other queues of their own.
  const mailbox = reserve("mailbox", MAILBOX_SIZE, queueBytes.input);
  const input = pool ? null : reserve("input", queueSize.input, queueBytes.input, URGENT);
  const output = pool ? null : reserve("output", queueSize.output, queueBytes.output);
  const shared = SharedMemory.create(arena, `kernel "${id}"`);
  for (const queue of [mailbox, input, output]) if (queue) makeRecordQueue(shared, queue);
  const place = { memory: shared.handle, block: null };
  return {
    ...place,
    record,
    input: pool?.input ?? { ...place, queue: input! },
    output: pool?.output ?? { ...place, queue: output! },
    mailbox: {
      id: mailboxId,
      owner: id,
      queue: { ...place, queue: mailbox },
      station: null,
      bytes: mailbox.bytes,
      bytesOption: bytesOptionOf(id),
    },
    taken: createTakenTable(),
    inHand: settings.ack ? createLetterBox(queueBytes.input) : null,
  };
}

/** Makes the memory of the program, which has a mailbox alone. */
export function createMailbox(owner: string, id: number, parties: number, bytes: number): MailboxDescription {
  const arena = new Arena();
  const queue = reserveRecordQueue(arena, describeQueue(`mailbox of ${owner}`, parties, MAILBOX_SIZE, bytes));
  const memory = SharedMemory.create(arena, owner);
  const block = newBlockNumber();
  noteMemory(block, memory);
  makeRecordQueue(memory, queue);
  return {
    id,
    owner,
    queue: { memory: memory.handle, block, queue },
    station: null,
    bytes: queue.bytes,
    bytesOption: "the runtime's answerBytes",
  };
}

/** A thread's handles on the memory of a kernel. */
export interface KernelMemory {
  readonly record: KernelRecord;
  /** Its input's queue; of a kernel that shares its worker, what is known of its input. */
  readonly input: RecordQueue | InputGauge;
  readonly output: Output;
  /** Where answers to it arrive; `null` of a kernel that shares its worker. */
  readonly mailbox: RecordQueue | null;
}

/** Opens the memory of a kernel for the thread of a number. */
export function openKernelMemory(
  description: KernelMemoryDescription,
  threadSlot: number,
  options: HandleOptions,
): KernelMemory {
  return "gauge" in description
    ? openSharedPlace(description, threadSlot, options)
    : openOwnMemory(description, threadSlot, options);
}

function openOwnMemory(description: OwnMemory, threadSlot: number, options: HandleOptions): KernelMemory {
  const { memory, block, record, input, output, mailbox } = description;
  const shared = openMemory({ memory, block });
  const open = (place: QueuePlace) => {
    const isOwn = place.block === null && place.memory === memory;
    return new RecordQueue(isOwn ? shared : openMemory(place), place.queue, threadSlot, options);
  };
  return {
    record: new KernelRecord(shared, record),
    input: open(input),
    output: new MadeOutput(open(output)),
    mailbox: open(mailbox.queue!),
  };
}

function openSharedPlace(place: SharedMemoryPlace, threadSlot: number, options: HandleOptions): KernelMemory {
  const { record, gauge, kernel, sizes, pool, output, station } = place;
  const shared = openMemory(place);
  const open = (place: QueuePlace) => new RecordQueue(openMemory(place), place.queue, threadSlot, options);
  const known = new InputGauge(shared, gauge, kernel, sizes.inputs);
  return {
    record: new KernelRecord(shared, record),
    input: pool ? open(pool.input) : known,
    output: pool
      ? new MadeOutput(open(pool.output))
      : new LazyOutput(shared, known, output, threadSlot, station.queue.parties, sizes),
    mailbox: null,
  };
}

/** Opens a mailbox for the thread of a number. */
export function openMailbox(queue: QueuePlace, threadSlot: number, options: HandleOptions): RecordQueue {
  return new RecordQueue(openMemory(queue), queue.queue, threadSlot, options);
}
