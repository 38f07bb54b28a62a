/** What a thread needs to know to open a handle on something in the shared memory. All of it can be posted. */

import { layout } from "./core.generated.ts";
import { layOutColumns } from "./columns.ts";
import { DTYPES, type FrameType } from "./dtypes.ts";
import type { WaitStrategy } from "./waiting.ts";

/** How often the writer refreshes what it knows of its readers. */
export interface RefreshSettings {
  /** After this many writes, 1 to 2^32 - 1. */
  readonly interval: number;
  /** After this many milliseconds, 0 to `Infinity`. */
  readonly ms: number;
}

/** The frames that a ring carries. */
export interface FrameDescription {
  /** Elements along each dimension. */
  readonly shape: readonly number[];
  /** The type of an element, or those of the columns by their names. */
  readonly dtype: FrameType;
  /** Bytes from one frame to the next; the ring's capacity is a whole number of them. */
  readonly stride: number;
}

/** Bytes of a frame, without what is added to align the next on a cache line. */
export function frameBytes({ shape, dtype }: Pick<FrameDescription, "shape" | "dtype">): number {
  if (typeof dtype !== "string") return layOutColumns(shape, dtype).bytes;
  const { array, lanes } = DTYPES[dtype];
  return shape.reduce((product, size) => product * size, lanes * array.BYTES_PER_ELEMENT);
}

/** A ring. */
export interface RingDescription {
  readonly name: string;
  /** Where it lies. */
  readonly address: number;
  /** Bytes of the data area. */
  readonly capacity: number;
  readonly readers: number;
  /** Whether it was declared that what nobody reads may go: the writer goes on without readers then. */
  readonly isTerminated?: boolean;
  /** Whether a place for an {@link Onlooker} follows the readers. */
  readonly hasOnlooker?: boolean;
  readonly wait: WaitStrategy;
  readonly refresh: RefreshSettings;
  /** Missing for a ring of raw bytes. */
  readonly frame?: FrameDescription;
  /** Where the table of its runs lies, if its frames come from another machine or go to one. */
  readonly runs?: number;
}

/** An event. */
export interface EventDescription {
  readonly name: string;
  /** Where it lies. */
  readonly address: number;
}

/** One end of a ring, or an event. */
export type BindingDescription =
  | {
    readonly kind: "reader";
    readonly ring: RingDescription;
    /** Which of the ring's readers, from 0. */
    readonly index: number;
    /** Whether it wants the newest frame only. */
    readonly isLatest?: boolean;
    /** Address of its scratch frame; 0 for a ring of raw bytes. */
    readonly scratch: number;
  }
  | {
    readonly kind: "writer";
    readonly ring: RingDescription;
    /** Address of its scratch frame; 0 for a ring of raw bytes. */
    readonly scratch: number;
  }
  | {
    readonly kind: "event";
    readonly event: EventDescription;
    /** Which of the event's parties, from 0. */
    readonly party: number;
    /** Address of a word that turns 1 when this party has left; 0 if it only waits, and does not count as a signaler. */
    readonly left: number;
  };

/** A {@link BindingDescription} of one kind. */
export type BindingOf<Kind extends BindingDescription["kind"]> = Extract<BindingDescription, { kind: Kind }>;

/** Bytes of a ring with everything that belongs to it. */
export function ringBytes(capacity: number, readers: number): number {
  return layout.RING_HEADER + readers * layout.READER_BYTES + capacity;
}

/** Bytes of an event with so many parties. */
export function eventBytes(parties: number): number {
  return layout.EVENT_HEADER + parties * 4;
}

/** The address of a ring's reader. */
export function readerAddress(ring: RingDescription, index: number): number {
  return ring.address + layout.RING_HEADER + index * layout.READER_BYTES;
}

/** The places of a ring's readers, and of its onlooker. */
export function readerPlaces(
  { readers, hasOnlooker = false }: Pick<RingDescription, "readers" | "hasOnlooker">,
): number {
  return readers + (hasOnlooker ? 1 : 0);
}

/** The address of a ring's data area. */
export function dataAddress(ring: RingDescription): number {
  return readerAddress(ring, readerPlaces(ring));
}

/** The waiters words of a ring. */
export function ringWaiters(ring: RingDescription): number[] {
  return [ring.address + layout.RING_DATA_WAITERS, ring.address + layout.RING_SPACE_WAITERS];
}

/** The waiters word of an event. */
export function eventWaiters(event: EventDescription): number {
  return event.address + layout.EVENT_WAITERS;
}
