/** The one shared memory of a pipeline: how it is sized, shared with workers, and stopped. */

import { layout } from "./core.generated.ts";
import { type Core, coreModule, instantiateCore } from "./core.ts";
import { wakeWaiters } from "./waiters_word.ts";

const PAGE_BYTES = 65_536;
const MAX_PAGES = 65_536;

/** Hands out addresses before the memory exists, so that it can be made exactly as large as needed. */
export class Arena {
  #end: number = layout.ARENA;

  /** Reserves `bytes` and returns their address, a multiple of 128. */
  reserve(bytes: number): number {
    const address = this.#end;
    this.#end += Math.ceil(bytes / layout.LINE) * layout.LINE;
    return address;
  }

  /** The memory's size so far, in bytes. */
  get bytes(): number {
    return this.#end;
  }
}

/** What a worker needs to reach the memory. Both parts can be posted. */
export interface SharedMemoryHandle {
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
}

/**
 * Checks what an end of a stream, or an event, is opened on.
 *
 * @throws {TypeError} If that is no memory: only pipelines and hosts of tasks have one.
 */
export function checkMemory(kind: string, opener: string, memory: unknown): void {
  if (memory instanceof SharedMemory) return;
  const how = `tasks get theirs by their bindings, the program by the pipeline's ${opener}`;
  throw new TypeError(`Cannot make a ${kind}: ${how}, received ${Deno.inspect(memory, { depth: 0 })}`);
}

/** This thread's access to a pipeline's memory. */
export class SharedMemory {
  /** What to post to a worker. */
  readonly handle: SharedMemoryHandle;
  /** The functions of the core on this memory. */
  readonly core: Core;
  /** The memory as bytes. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** The memory as words, for `Atomics`. */
  readonly words: Int32Array<SharedArrayBuffer>;

  /** The memory as 64-bit words. */
  readonly longs: BigUint64Array<SharedArrayBuffer>;
  /** The memory as 64-bit numbers. */
  readonly doubles: Float64Array<SharedArrayBuffer>;

  /** Opens a memory that another thread has made. */
  constructor(handle: SharedMemoryHandle) {
    const buffer = handle.memory.buffer as unknown as SharedArrayBuffer;
    this.handle = handle;
    this.core = instantiateCore(handle.module, handle.memory);
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.longs = new BigUint64Array(buffer);
    this.doubles = new Float64Array(buffer);
  }

  /**
   * Makes a memory for everything that an arena has reserved. It never grows: views of it stay valid.
   *
   * @throws {RangeError} If it needs more than the 4 GiB that WebAssembly can address, or more than there is.
   */
  static create(arena: Arena, owner = "a pipeline"): SharedMemory {
    const pages = Math.ceil(arena.bytes / PAGE_BYTES);
    if (pages > MAX_PAGES) {
      const hint = "each end of a stream adds a frame to those of its ring";
      throw new RangeError(
        `Cannot make the memory of ${owner}: it holds at most 4 GiB, received ${arena.bytes} bytes; ${hint}`,
      );
    }
    try {
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
      return new SharedMemory({ memory, module: coreModule() });
    } catch (cause) {
      throw new RangeError(`Cannot make the memory of ${owner}, ${arena.bytes} bytes: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  /** The memory's buffer. */
  get buffer(): SharedArrayBuffer {
    return this.bytes.buffer;
  }

  /** Whether the pipeline was told to stop. */
  get stopped(): boolean {
    return Atomics.load(this.words, layout.STOP / 4) !== 0;
  }

  /** Tells everybody to stop, and wakes whoever is parked on one of `waiters`, the addresses of waiters words and
   * doorbells. */
  stop(waiters: Iterable<number>): void {
    Atomics.store(this.words, layout.STOP / 4, 1);
    Atomics.notify(this.words, layout.STOP / 4);
    for (const address of waiters) wakeWaiters(this.words, address);
  }

  /** Has all threads that sleep look whether they are told to stop. */
  wakeSleepers(): void {
    Atomics.notify(this.words, layout.STOP / 4);
  }

  /** Blocks this thread for `ms`, or until the pipeline is told to stop or `wakeSleepers()` is called. True if one was. */
  sleep(ms: number): boolean {
    return Atomics.wait(this.words, layout.STOP / 4, 0, ms) !== "timed-out";
  }

  /** Resolves once the pipeline is told to stop. Does not keep the program from exiting. */
  async whenStopped(): Promise<void> {
    while (!this.stopped) {
      const { async, value } = Atomics.waitAsync(this.words, layout.STOP / 4, 0);
      if (async) await value;
    }
  }
}
