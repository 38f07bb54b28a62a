/** The chunks of one node as the input of another one. */

import type { ChunkLog, ChunksEnd } from "./chunk_log.ts";

/** The chunks that were read do not count: the node that yields them begins anew, and so must the one that reads. */
class ChunksVoided extends Error {
  /** The class. */
  override readonly name = "ChunksVoided";

  constructor(node: string) {
    super(`The chunks of node "${node}" that were read are void: it begins anew`);
  }
}

/** Chunks as they come. Each iteration begins with the first that counts. */
export class ChunkInput implements AsyncIterable<unknown> {
  readonly #node: string;
  readonly #log: ChunkLog;
  readonly #end: () => ChunksEnd | null;
  readonly #voids: number;

  constructor(node: string, log: ChunkLog, end: () => ChunksEnd | null) {
    this.#node = node;
    this.#log = log;
    this.#end = end;
    this.#voids = log.voids;
  }

  /** Whether chunks that may have been read are void. */
  get isVoid(): boolean {
    return this.#log.voids > this.#voids;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void, undefined> {
    for await (const item of this.#log.read(this.#end, this.#log.firstValid)) {
      if (item.kind === "void") throw new ChunksVoided(this.#node);
      yield item.chunk;
    }
  }

  /** Resolves when the node has ended, one way or the other. */
  async ended(): Promise<void> {
    try {
      await Array.fromAsync(this.#log.read(this.#end, this.#log.firstValid));
    } catch {
      // Its error is that of its node.
    }
  }
}
