/** Rings and events in a memory of their own, without a pipeline around them. */

import type { HandleOptions } from "../../src/ring/end.ts";
import type { FrameDescription, RefreshSettings } from "../../src/ring/description.ts";
import type { BindingOf, EventDescription, RingDescription } from "../../src/ring/description.ts";
import { eventBytes, eventWaiters, readerPlaces, ringBytes, ringWaiters } from "../../src/ring/description.ts";
import { type DType, DTYPES } from "../../src/ring/dtypes.ts";
import { initRing } from "../../src/ring/onlooker.ts";
import { Reader } from "../../src/ring/reader.ts";
import { RingReader, RingWriter } from "../../src/ring/ring.ts";
import { Arena, SharedMemory } from "../../src/ring/shared_memory.ts";
import { TaskEvent } from "../../src/ring/task_event.ts";
import type { WaitStrategy } from "../../src/ring/waiting.ts";
import { Writer } from "../../src/ring/writer.ts";

/** Something in a memory, with the addresses of the words that are waited on. */
export interface Fixture {
  readonly memory: SharedMemory;
  readonly waiters: readonly number[];
}

/** What rings of bytes and streams have in common. */
export interface RingOptions {
  name?: string;
  readers?: number;
  /** The position at which the ring starts. */
  start?: bigint;
  wait?: WaitStrategy;
  refresh?: RefreshSettings;
  /** Whether there is a place for an onlooker. */
  hasOnlooker?: boolean;
}

/** A stream to make. */
export interface StreamOptions<D extends DType> extends RingOptions {
  dtype: D;
  shape?: readonly number[];
  frames?: number;
  cacheAlign?: boolean;
}

/** A ring to reserve, and how to start it. */
interface Reserved {
  readonly ring: RingDescription;
  readonly start: bigint;
  readonly scratches: readonly number[];
}

function reserveRing(arena: Arena, capacity: number, options: RingOptions, frame?: FrameDescription): Reserved {
  const { name = "numbers", readers = 1, start = 0n, wait = "adaptive" } = options;
  const { refresh = { interval: 64, ms: Infinity } } = options;
  const { hasOnlooker = false } = options;
  const address = arena.reserve(ringBytes(capacity, readerPlaces({ readers, hasOnlooker })));
  const scratches = Array.from({ length: readers + 1 }, () => frame ? arena.reserve(frame.stride) : 0);
  return { ring: { name, address, capacity, readers, hasOnlooker, wait, refresh, frame }, start, scratches };
}

/** A ring that was made. The writer's scratch frame is the last. */
export class RingFixture implements Fixture {
  readonly memory: SharedMemory;
  readonly ring: RingDescription;
  readonly writerBinding: BindingOf<"writer">;
  readonly readerBindings: readonly BindingOf<"reader">[];

  constructor(memory: SharedMemory, { ring, start, scratches }: Reserved) {
    this.memory = memory;
    this.ring = ring;
    this.writerBinding = { kind: "writer", ring, scratch: scratches[ring.readers] };
    this.readerBindings = scratches.slice(0, ring.readers).map((scratch, index) => ({
      kind: "reader",
      ring,
      index,
      scratch,
    }));
    initRing(memory, ring, start);
  }

  get waiters(): readonly number[] {
    return ringWaiters(this.ring);
  }

  /** Opens the writer for raw bytes. */
  bytesWriter(options?: HandleOptions): RingWriter {
    return RingWriter.open(this.memory, this.ring, options);
  }

  /** Opens a reader for raw bytes. */
  bytesReader(index = 0, options?: HandleOptions): RingReader {
    return RingReader.open(this.memory, this.ring, index, options);
  }

  /** Makes the ring anew: empty, all readers blocking. */
  restart(start: bigint): void {
    const { address, capacity } = this.ring;
    this.memory.bytes.fill(0, address, address + ringBytes(capacity, readerPlaces(this.ring)));
    initRing(this.memory, this.ring, start);
  }
}

/** A ring of frames that was made. */
export class StreamFixture<D extends DType> extends RingFixture {
  /** Opens the writer. */
  writer(options?: HandleOptions): Writer<D> {
    return new Writer<D>(this.memory, this.writerBinding, options);
  }

  /** Opens a reader. */
  reader(index = 0, options?: HandleOptions): Reader<D> {
    return new Reader<D>(this.memory, this.readerBindings[index], options);
  }
}

/** An event to make, and room for its parties. */
interface ReservedEvent {
  readonly event: EventDescription;
  readonly seats: readonly number[];
}

/** Most parties of one event in the tests. */
const MOST_PARTIES = 16;

/** An event that was made. */
export class EventFixture implements Fixture {
  readonly memory: SharedMemory;
  readonly event: EventDescription;
  /** Addresses of words for parties that may signal. */
  readonly #seats: number[];
  #party = 0;

  constructor(memory: SharedMemory, { event, seats }: ReservedEvent, activations: number, signalers: number) {
    this.memory = memory;
    this.event = event;
    this.#seats = [...seats];
    memory.core.event_init(event.address, activations, signalers, MOST_PARTIES);
  }

  get waiters(): readonly number[] {
    return [eventWaiters(this.event)];
  }

  /** What another party opens the event with. */
  binding(signals = true): BindingOf<"event"> {
    return { kind: "event", event: this.event, party: this.#party++, left: signals ? this.#seats.pop()! : 0 };
  }

  /** Opens the event, for a party that may signal or only waits. */
  open(signals = true, options?: HandleOptions): TaskEvent {
    return new TaskEvent(this.memory, this.binding(signals), options);
  }

  /** One of the parties that may signal leaves. */
  leave(): void {
    this.memory.core.event_leave(this.event.address);
  }
}

/** Makes a ring of raw bytes. */
export function makeRing(capacity: number, options: RingOptions = {}): RingFixture {
  const arena = new Arena();
  const reserved = reserveRing(arena, capacity, options);
  return new RingFixture(SharedMemory.create(arena), reserved);
}

/** The bytes of a frame, and from one frame to the next. */
export function frameSizes(dtype: DType, shape: readonly number[], cacheAlign: boolean): [number, number] {
  const { array, lanes } = DTYPES[dtype];
  const bytes = shape.reduce((product, size) => product * size, lanes * array.BYTES_PER_ELEMENT);
  return [bytes, cacheAlign ? Math.ceil(bytes / 64) * 64 : bytes];
}

function reserveStream<D extends DType>(arena: Arena, options: StreamOptions<D>): Reserved {
  const { dtype, shape = [4], frames = 4, cacheAlign = true } = options;
  const [, stride] = frameSizes(dtype, shape, cacheAlign);
  return reserveRing(arena, frames * stride, options, { shape, dtype, stride });
}

/** Makes a stream. */
export function makeStream<D extends DType>(options: StreamOptions<D>): StreamFixture<D> {
  const arena = new Arena();
  const reserved = reserveStream(arena, options);
  return new StreamFixture<D>(SharedMemory.create(arena), reserved);
}

/** Makes several streams in one memory. */
export function makeStreams<D extends DType>(...options: StreamOptions<D>[]): StreamFixture<D>[] {
  const arena = new Arena();
  const reserved = options.map((each) => reserveStream(arena, each));
  const memory = SharedMemory.create(arena);
  return reserved.map((each) => new StreamFixture<D>(memory, each));
}

/** Makes an event. */
export function makeEvent({ activations = 0, signalers = 1 } = {}): EventFixture {
  const [event] = makeEvents(1, { activations, signalers });
  return event;
}

/** Makes several events in one memory. */
export function makeEvents(count: number, { activations = 0, signalers = 1 } = {}): EventFixture[] {
  const arena = new Arena();
  const events = Array.from({ length: count }, (_, index): ReservedEvent => {
    const event = { name: `event ${index}`, address: arena.reserve(eventBytes(MOST_PARTIES)) };
    return { event, seats: Array.from({ length: MOST_PARTIES }, () => arena.reserve(4)) };
  });
  const memory = SharedMemory.create(arena);
  return events.map((event) => new EventFixture(memory, event, activations, signalers));
}

/** Numbers that look random, the same for the same seed (Mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor(((t ^ (t >>> 14)) >>> 0) / 2 ** 32 * limit);
  }

  /** `length` bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** One of several. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

/** Keeps this thread from hearing anything for a while. */
export function beBusy(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
