/** Memories that several kernels share, as a thread opens them: each once. */

import type { RecordQueueDescription } from "../../ring/queue_description.ts";
import { SharedMemory, type SharedMemoryHandle } from "../../ring/shared_memory.ts";

/** A memory. */
export interface MemoryPlace {
  /** Left out for a worker that has been sent it already. */
  readonly memory: SharedMemoryHandle | null;
  /** Of a memory that several kernels share: which one, so that a thread opens it once; otherwise `null`. */
  readonly block: number | null;
}

/** A queue, with the memory that it lies in. */
export interface QueuePlace extends MemoryPlace {
  readonly queue: RecordQueueDescription;
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
export function openMemory({ memory, block }: MemoryPlace): SharedMemory {
  const known = block === null ? undefined : opened.get(block)?.deref();
  if (known) return known;
  const shared = new SharedMemory(memory!);
  if (block !== null) noteMemory(block, shared);
  return shared;
}

/** Memories that this thread keeps: a worker is sent each once. */
let kept: Map<number, SharedMemory> | undefined;

/** From now on, this thread keeps the memories that several kernels share, until it is told to forget them. */
export function keepMemories(): void {
  kept ??= new Map();
}

/** Notes a memory that several kernels share, which this thread has made or opened. */
export function noteMemory(block: number, memory: SharedMemory): void {
  opened.set(block, new WeakRef(memory));
  kept?.set(block, memory);
}

/** Forgets a memory, as nobody knows of its kernels any more. */
export function forgetMemory(block: number): void {
  opened.delete(block);
  kept?.delete(block);
}
