/** Streams, events and a queue in one memory, with doorbells for the threads that select. */

import { Doorbell, DOORBELL_BYTES } from "../../src/ring/doorbell.ts";
import {
  type BindingOf,
  eventBytes,
  eventWaiters,
  ringBytes,
  type RingDescription,
  ringWaiters,
} from "../../src/ring/description.ts";
import {
  makeRecordQueue,
  type RecordQueueDescription,
  recordQueueWaiters,
  reserveRecordQueue,
} from "../../src/ring/queue_description.ts";
import { Reader } from "../../src/ring/reader.ts";
import { RecordQueue } from "../../src/ring/record_queue.ts";
import type { HandleOptions } from "../../src/ring/end.ts";
import { Arena, SharedMemory } from "../../src/ring/shared_memory.ts";
import { TaskEvent } from "../../src/ring/task_event.ts";
import { Writer } from "../../src/ring/writer.ts";
import type { Fixture } from "./_helpers.ts";

const STRIDE = 64;
const MOST_BELLS = 4;

/** What to make. */
export interface SelectOptions {
  streams?: number;
  readers?: number;
  frames?: number;
  events?: number;
  signalers?: number;
  parties?: number;
}

/** The memory. All streams carry one `uint32`. */
export class SelectFixture implements Fixture {
  readonly memory: SharedMemory;
  readonly rings: readonly RingDescription[];
  readonly queue: RecordQueueDescription;
  /** Addresses of the doorbells. */
  readonly bells: readonly number[];
  readonly #events: readonly { readonly address: number; readonly seats: number[] }[];
  readonly #scratches: readonly number[];
  #parties = 0;

  constructor(options: SelectOptions = {}) {
    const { streams = 2, readers = 1, frames = 2, events = 1, signalers = 1, parties = 4 } = options;
    const arena = new Arena();
    this.rings = Array.from({ length: streams }, (_, index) => ({
      name: `stream ${index}`,
      address: arena.reserve(ringBytes(frames * STRIDE, readers)),
      capacity: frames * STRIDE,
      readers,
      wait: "adaptive",
      refresh: { interval: 64, ms: Infinity },
      frame: { shape: [1], dtype: "uint32", stride: STRIDE },
    }));
    this.#scratches = this.rings.map(() => arena.reserve((readers + 1) * STRIDE));
    this.#events = Array.from({ length: events }, () => ({
      address: arena.reserve(eventBytes(parties)),
      seats: Array.from({ length: signalers }, () => arena.reserve(4)),
    }));
    this.queue = reserveRecordQueue(arena, { name: "records", records: 2, bytes: 64, parties, wait: "adaptive" });
    this.bells = Array.from({ length: MOST_BELLS }, () => arena.reserve(DOORBELL_BYTES));
    this.memory = SharedMemory.create(arena);
    for (const { address, capacity } of this.rings) this.memory.core.ring_init(address, capacity, readers, 0n);
    for (const { address } of this.#events) this.memory.core.event_init(address, 0, signalers, parties);
    makeRecordQueue(this.memory, this.queue);
  }

  get waiters(): readonly number[] {
    return [
      ...this.rings.flatMap(ringWaiters),
      ...this.#events.map((event) => eventWaiters({ name: "", ...event })),
      ...recordQueueWaiters(this.queue),
      ...this.bells,
    ];
  }

  /** What a thread opens a doorbell's handles with. */
  options(bell = 0, mayBlock = true): HandleOptions & { doorbell: Doorbell } {
    return { mayBlock, doorbell: new Doorbell(this.memory, this.bells[bell], { mayBlock }) };
  }

  readerBinding(stream: number, index = 0): BindingOf<"reader"> {
    return { kind: "reader", ring: this.rings[stream], index, scratch: this.#scratches[stream] + index * STRIDE };
  }

  writerBinding(stream: number): BindingOf<"writer"> {
    const ring = this.rings[stream];
    return { kind: "writer", ring, scratch: this.#scratches[stream] + ring.readers * STRIDE };
  }

  eventBinding(event: number, party: number, signals: boolean): BindingOf<"event"> {
    const { address, seats } = this.#events[event];
    return { kind: "event", event: { name: `event ${event}`, address }, party, left: signals ? seats.pop()! : 0 };
  }

  reader(stream: number, options?: HandleOptions, index = 0): Reader<"uint32"> {
    return new Reader(this.memory, this.readerBinding(stream, index), options);
  }

  writer(stream: number, options?: HandleOptions): Writer<"uint32"> {
    return new Writer(this.memory, this.writerBinding(stream), options);
  }

  event(event: number, party: number, signals: boolean, options?: HandleOptions): TaskEvent {
    return new TaskEvent(this.memory, this.eventBinding(event, party, signals), options);
  }

  party(options?: HandleOptions): RecordQueue {
    return new RecordQueue(this.memory, this.queue, this.#parties++, options);
  }
}
