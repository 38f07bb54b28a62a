/** A note in shared memory, by which the program tells a task why it was stopped. */

const LENGTH = 0;
const TEXT_BYTES = 4000;
const WORD_BYTES = 4;

/** Holds the first failure. */
export class FailureNote {
  /** What the task gets. */
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #text: Uint8Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, 1);
    this.#text = new Uint8Array(memory, WORD_BYTES);
  }

  /** An empty note. */
  static make(): FailureNote {
    return new FailureNote(new SharedArrayBuffer(WORD_BYTES + TEXT_BYTES));
  }

  /** Writes a text, unless there is one. */
  write(text: string): void {
    if (Atomics.load(this.#words, LENGTH) !== 0) return;
    const bytes = new Uint8Array(TEXT_BYTES);
    const { written } = new TextEncoder().encodeInto(text, bytes);
    this.#text.set(bytes);
    Atomics.store(this.#words, LENGTH, written);
    Atomics.notify(this.#words, LENGTH);
  }

  /** The text, or `null` if none is written within `timeoutMs`. */
  async read(timeoutMs: number): Promise<string | null> {
    const { async, value } = Atomics.waitAsync(this.#words, LENGTH, 0, timeoutMs);
    if (async) await value;
    const length = Atomics.load(this.#words, LENGTH);
    return length === 0 ? null : new TextDecoder().decode(this.#text.slice(0, length));
  }
}
