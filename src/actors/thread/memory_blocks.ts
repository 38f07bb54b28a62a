/**
 * Memories that many kernels share: some hundred bytes of each, and address space for its output, of which the system gives what
 * is touched. What a kernel had is another one's when nobody knows of it any more.
 */

import { BARE_KERNEL_BYTES, KERNEL_BYTES } from "../../ring/kernel_record.ts";
import { recordQueueBytes } from "../../ring/queue_description.ts";
import { Arena, SharedMemory } from "../../ring/shared_memory.ts";
import { GAUGE_BYTES, GAUGE_OUTPUT, InputGauge } from "./input_gauge.ts";
import { type KernelMemoryOptions, sizesOf } from "./kernel_memory.ts";
import { forgetMemory, type MemoryPlace, newBlockNumber, noteMemory } from "./open_memory.ts";

/** Kernels in a block. */
const KERNELS = 128;
const LINE = 128;

/** A memory with room for some kernels of one size. */
interface Block {
  readonly number: number;
  readonly memory: SharedMemory;
  /** Where the records and gauges begin, and the outputs. */
  readonly records: number;
  readonly outputs: number;
  readonly size: BlockSize;
  /** Slots that are free. */
  readonly free: number[];
  /** Slots of kernels that somebody knows of. */
  used: number;
}

/** What the kernels of a block have in common. */
interface BlockSize {
  readonly recordBytes: number;
  readonly outputBytes: number;
}

/** The memory of one kernel. */
export class SharedSlot {
  readonly block: Block;
  readonly index: number;

  constructor(block: Block, index: number) {
    this.block = block;
    this.index = index;
  }

  get place(): MemoryPlace {
    return { memory: this.block.memory.handle, block: this.block.number };
  }

  /** The address of the kernel's record. */
  get record(): number {
    return this.block.records + this.index * (this.block.size.recordBytes + GAUGE_BYTES);
  }

  /** The address of its gauge. */
  get gauge(): number {
    return this.record + this.block.size.recordBytes;
  }

  /** The address of its output, which may not be made yet. */
  get output(): number {
    return this.block.outputs + this.index * this.block.size.outputBytes;
  }
}

/** Gives kernels their memory. */
export class MemoryBlocks {
  /** By what their kernels need: the blocks that have room. */
  readonly #open = new Map<string, Set<Block>>();
  readonly #isTimed: boolean;
  readonly #onForgotten: (block: number) => void;

  /** `onForgotten` hears of each memory of whose kernels nobody knows any more. */
  constructor(isTimed: boolean, onForgotten: (block: number) => void) {
    this.#isTimed = isTimed;
    this.#onForgotten = onForgotten;
  }

  /**
   * Makes the memory of a kernel.
   *
   * @throws {RangeError} If there is none.
   */
  place({ mailboxId, parties, settings }: KernelMemoryOptions): SharedSlot {
    const bytes = recordQueueBytes({ parties, bytes: settings.queueBytes.output });
    const size = {
      recordBytes: this.#isTimed ? aligned(KERNEL_BYTES) : BARE_KERNEL_BYTES,
      outputBytes: aligned(bytes),
    };
    const open = this.#openOf(size);
    let [block] = open;
    if (!block) open.add(block = newBlock(size));
    const slot = new SharedSlot(block, block.free.pop()!);
    block.used++;
    if (block.free.length === 0) open.delete(block);
    block.memory.bytes.fill(0, slot.record, slot.gauge);
    new InputGauge(block.memory, slot.gauge, mailboxId, sizesOf(settings).inputs).reset();
    return slot;
  }

  #openOf(size: BlockSize): Set<Block> {
    const key = `${size.recordBytes}+${size.outputBytes}`;
    const open = this.#open.get(key) ?? new Set();
    this.#open.set(key, open);
    return open;
  }

  /** Nobody knows of a kernel any more. */
  giveBack({ block, index, gauge }: SharedSlot): void {
    const open = this.#openOf(block.size);
    // An output that was used stays: somebody may hold a handle on it.
    const isUnused = block.memory.words[(gauge + GAUGE_OUTPUT) / 4] % 3 === 0;
    block.memory.bytes.fill(0, gauge, gauge + GAUGE_BYTES);
    block.used--;
    if (isUnused) block.free.push(index);
    if (block.free.length > 0) open.add(block);
    // One that is as good as new is kept, for the next kernels.
    if (block.used > 0 || block.free.length === KERNELS && open.size === 1) return;
    open.delete(block);
    forgetMemory(block.number);
    this.#onForgotten(block.number);
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / LINE) * LINE;
}

function newBlock(size: BlockSize): Block {
  const arena = new Arena();
  const records = arena.reserve(KERNELS * (size.recordBytes + GAUGE_BYTES));
  const outputs = arena.reserve(KERNELS * size.outputBytes);
  const memory = SharedMemory.create(arena, `${KERNELS} kernels`);
  const number = newBlockNumber();
  noteMemory(number, memory);
  const free = Array.from({ length: KERNELS }, (_, index) => KERNELS - 1 - index);
  return { number, memory, records, outputs, size, free, used: 0 };
}
