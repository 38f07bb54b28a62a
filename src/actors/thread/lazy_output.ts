/**
 * The output of a kernel. That of one that shares its worker is made when it is used for the first time, by whichever thread:
 * most such kernels only answer requests, and memory that is not touched is none.
 */

import { makeRecordQueue, type RecordQueueDescription, reserveRecordQueue } from "../../ring/queue_description.ts";
import { RecordQueue } from "../../ring/record_queue.ts";
import type { SharedMemory } from "../../ring/shared_memory.ts";
import { KernelStateError } from "../errors.ts";
import type { InputGauge } from "./input_gauge.ts";
import type { QueueSizes } from "./kernel_memory.ts";

/** A thread's handle on an output. */
export interface Output {
  /** The queue. It is made now if nobody has used it so far. */
  readonly queue: RecordQueue;
  /** The queue, if it is made. */
  readonly ifMade: RecordQueue | null;
  /** Nothing more is put into it. */
  close(): void;
}

/** One that is there from the beginning. */
export class MadeOutput implements Output {
  readonly queue: RecordQueue;

  constructor(queue: RecordQueue) {
    this.queue = queue;
  }

  get ifMade(): RecordQueue {
    return this.queue;
  }

  close(): void {
    this.queue.close();
  }
}

/** What has become of it, as a word of its gauge. */
const [UNMADE, MAKING, MADE, CLOSED_UNMADE] = [0, 1, 2, 3];

/** Describes the output at an address. */
function describeOutput(
  address: number,
  parties: number,
  { outputRecords, outputBytes }: Pick<QueueSizes, "outputRecords" | "outputBytes">,
): RecordQueueDescription {
  const options = { name: "output", parties, records: outputRecords, bytes: outputBytes, wait: "adaptive" } as const;
  return reserveRecordQueue({ reserve: () => address }, options);
}

/** One that is made when it is used. */
export class LazyOutput implements Output {
  readonly #memory: SharedMemory;
  readonly #gauge: InputGauge;
  readonly #address: number;
  readonly #threadSlot: number;
  readonly #parties: number;
  readonly #sizes: QueueSizes;
  #queue: RecordQueue | undefined;

  constructor(
    memory: SharedMemory,
    gauge: InputGauge,
    address: number,
    threadSlot: number,
    parties: number,
    sizes: QueueSizes,
  ) {
    this.#memory = memory;
    this.#gauge = gauge;
    this.#address = address;
    this.#threadSlot = threadSlot;
    this.#parties = parties;
    this.#sizes = sizes;
  }

  get queue(): RecordQueue {
    return this.#queue ??= this.#open();
  }

  get ifMade(): RecordQueue | null {
    return this.#queue ?? (this.#state === MADE ? this.queue : null);
  }

  get #state(): number {
    // The kernel's memory may be another one's by now.
    return this.#gauge.isOwn ? Atomics.load(this.#memory.words, this.#gauge.outputWord) : CLOSED_UNMADE;
  }

  /** @throws {KernelStateError} If the kernel is forgotten. */
  #open(): RecordQueue {
    if (!this.#gauge.isOwn) {
      throw new KernelStateError("Cannot receive from the kernel: it has terminated, and is forgotten");
    }
    const description = describeOutput(this.#address, this.#parties, this.#sizes);
    const mustClose = this.#state === CLOSED_UNMADE;
    this.#make(description);
    const queue = new RecordQueue(this.#memory, description, this.#threadSlot, {
      mayBlock: false,
      oversubscribed: true,
    });
    if (mustClose) queue.close();
    return queue;
  }

  /** Whichever thread comes first makes it; others wait for some microseconds. */
  #make(description: RecordQueueDescription): void {
    const { words } = this.#memory;
    const { outputWord } = this.#gauge;
    for (;;) {
      const state = Atomics.load(words, outputWord);
      if (state === MADE) return;
      if (state === MAKING || Atomics.compareExchange(words, outputWord, state, MAKING) !== state) continue;
      makeRecordQueue(this.#memory, description);
      Atomics.store(words, outputWord, MADE);
      return;
    }
  }

  close(): void {
    const { words } = this.#memory;
    const { outputWord, isOwn } = this.#gauge;
    if (!isOwn || Atomics.compareExchange(words, outputWord, UNMADE, CLOSED_UNMADE) === UNMADE) return;
    if (this.#state !== CLOSED_UNMADE) this.queue.close();
  }
}
