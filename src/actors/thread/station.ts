/**
 * The inbox of a worker that kernels share: one queue in shared memory for all that other threads send to its kernels, messages
 * and answers, and one doorbell by which the worker waits for it. It outlives the worker: the next one goes on with it.
 */

import { Doorbell, DOORBELL_BYTES } from "../../ring/doorbell.ts";
import { type Band, makeRecordQueue, reserveRecordQueue } from "../../ring/queue_description.ts";
import { RecordQueue } from "../../ring/record_queue.ts";
import { Arena, SharedMemory } from "../../ring/shared_memory.ts";
import { addressRecord, type RecordAddress } from "../message/message_record.ts";
import type { RecordBytes } from "../message/sheet.ts";
import { newBlockNumber, noteMemory, openMemory, type QueuePlace } from "./open_memory.ts";

/** Bytes of each band. A message to a kernel that shares its worker has at most half of that. */
export const STATION_BYTES = 2 ** 21;
/** Messages that are on their way. A kernel's own limits hold before. */
const STATION_SIZE = 2 ** 16;

/** A station. It can be posted. */
export interface StationDescription extends QueuePlace {
  /** Where its doorbell lies; the id of the mailbox of the kernel that runs, f64; and the worker's turns, f64. */
  readonly bell: number;
  readonly running: number;
  readonly turns: number;
}

/** Makes a station for so many threads. */
export function createStation(name: string, parties: number): StationDescription {
  const arena = new Arena();
  const bell = arena.reserve(DOORBELL_BYTES);
  const running = arena.reserve(8);
  const turns = arena.reserve(8);
  const queue = reserveRecordQueue(arena, {
    name: `inbox of ${name}`,
    parties,
    records: STATION_SIZE,
    bytes: STATION_BYTES,
    wait: "adaptive",
  });
  const memory = SharedMemory.create(arena, name);
  const block = newBlockNumber();
  noteMemory(block, memory);
  makeRecordQueue(memory, queue);
  return { memory: memory.handle, block, queue, bell, running, turns };
}

/** A thread's handle on a station. */
export class Station {
  /** What lies there. */
  readonly queue: RecordQueue;
  readonly #memory: SharedMemory;
  readonly #bell: number;
  readonly #running: number;
  readonly #turns: number;

  /** Opens it as the thread of a number. */
  constructor(description: StationDescription, threadSlot: number) {
    this.#memory = openMemory(description);
    this.#bell = description.bell;
    this.#running = description.running / 8;
    this.#turns = description.turns / 8;
    // Nobody parks its thread for it: other kernels of the thread have work to do.
    this.queue = new RecordQueue(this.#memory, description.queue, threadSlot, { mayBlock: false });
  }

  /** Sends a record on its way. False if there is no room. */
  offer(record: RecordBytes, address: RecordAddress, band: Band): boolean {
    addressRecord(record, address);
    return this.queue.offer(record, band);
  }

  /** The kernel whose function went on last in the worker, by the id of its mailbox; 0 if none has. */
  get running(): number {
    return this.#memory.doubles[this.#running];
  }

  set running(kernel: number) {
    this.#memory.doubles[this.#running] = kernel;
  }

  /** How often the worker's event loop has come round. */
  get turns(): number {
    return this.#memory.doubles[this.#turns];
  }

  /** It comes round. Counted by the worker. */
  countTurn(): void {
    this.#memory.doubles[this.#turns]++;
  }

  /** The doorbell of its worker. */
  openBell(): Doorbell {
    return new Doorbell(this.#memory, this.#bell, { mayBlock: false, oversubscribed: true });
  }
}

/** Stations that this thread has opened, by the numbers of their memories. */
const stations = new Map<number, WeakRef<Station>>();

/** Opens a station, once for each thread. */
export function openStation(description: StationDescription, threadSlot: number): Station {
  const block = description.block!;
  const known = stations.get(block)?.deref();
  if (known) return known;
  const station = new Station(description, threadSlot);
  stations.set(block, new WeakRef(station));
  return station;
}
