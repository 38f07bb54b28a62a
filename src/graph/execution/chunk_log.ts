/** What a node of one execution has yielded, for any number of readers. */

import type { RunChunk } from "../run_chunk.ts";

/** How a node has ended, for those who read its chunks. */
export type ChunksEnd = { readonly error?: unknown };

/** All chunks of a node, in order. */
export class ChunkLog {
  readonly #items: RunChunk<unknown>[] = [];
  #attempt = 0;
  #count = 0;
  #voids = 0;
  #firstValid = 0;
  #changed = Promise.withResolvers<void>();

  /** How many chunks of an attempt there are. */
  countOf(attempt: number): number {
    return attempt === this.#attempt ? this.#count : 0;
  }

  /** Returns the chunk's place among those of its attempt. */
  add(attempt: number, chunk: unknown): number {
    const index = this.#count = this.countOf(attempt);
    this.#attempt = attempt;
    this.#count++;
    this.#items.push({ kind: "chunk", attempt, index, chunk });
    this.wake();
    return index;
  }

  void(attempt: number): void {
    this.#items.push({ kind: "void", attempt });
    this.#firstValid = this.#items.length;
    this.#voids++;
    if (attempt === this.#attempt) this.#count = 0;
    this.wake();
  }

  /** Has readers look again. */
  wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** How often chunks have become void. */
  get voids(): number {
    return this.#voids;
  }

  /** The place of the first item that counts. */
  get firstValid(): number {
    return this.#firstValid;
  }

  /** The chunks that count. */
  get valid(): unknown[] {
    return this.#items.slice(this.#firstValid).map((item) => item.kind === "chunk" ? item.chunk : undefined);
  }

  /** From the first on, or from a later one, until the node has ended. */
  async *read(end: () => ChunksEnd | null, from = 0): AsyncGenerator<RunChunk<unknown>, void, undefined> {
    for (let at = from;;) {
      while (at < this.#items.length) yield this.#items[at++];
      const ended = end();
      const { promise } = this.#changed;
      if (ended && "error" in ended) throw ended.error;
      if (ended) return;
      await promise;
    }
  }
}
