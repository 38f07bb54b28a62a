/** Memories that many small kernels share: each has some address space, of which the system gives what is touched. */

import { makeRecordQueue } from "../../ring/queue_description.ts";
import { Arena, SharedMemory } from "../../ring/shared_memory.ts";
import { type KernelMemoryOptions, layOut, newBlockNumber, noteMemory, type PlacedKernel } from "./kernel_memory.ts";

/** Kernels in a block. Its memory is given back when none of them is known any more. */
const KERNELS = 64;

/** A memory with room for some kernels of one size. */
interface Block {
  readonly number: number;
  readonly memory: SharedMemory;
  /** Addresses that are free, of the same size. */
  readonly free: number[];
}

/** Gives kernels their memory. */
export class MemoryBlocks {
  /** By the bytes of a kernel: the block that has room. */
  readonly #open = new Map<number, Block>();

  /**
   * Makes the parts of a kernel.
   *
   * @throws {RangeError} If there is no memory.
   */
  place(options: KernelMemoryOptions): PlacedKernel {
    const size = sizeOf(options);
    let block = this.#open.get(size);
    if (!block) this.#open.set(size, block = newBlock(size));
    let at = block.free.pop()!;
    if (block.free.length === 0) this.#open.delete(size);
    const reserve = (bytes: number) => {
      const address = at;
      at += aligned(bytes);
      return address;
    };
    const layout = layOut({ reserve }, options);
    for (const queue of layout.queues) makeRecordQueue(block.memory, queue);
    return { ...layout, place: { memory: block.memory.handle, block: block.number } };
  }
}

const LINE = 128;

function aligned(bytes: number): number {
  return Math.ceil(bytes / LINE) * LINE;
}

function sizeOf(options: KernelMemoryOptions): number {
  const arena = new Arena();
  const before = arena.bytes;
  layOut(arena, options);
  return arena.bytes - before;
}

function newBlock(size: number): Block {
  const arena = new Arena();
  const free = Array.from({ length: KERNELS }, () => arena.reserve(size));
  const memory = SharedMemory.create(arena, `${KERNELS} kernels`);
  const number = newBlockNumber();
  noteMemory(number, memory);
  return { number, memory, free: free.reverse() };
}
