/** The message that a kernel with acknowledgement has in hand, in shared memory: its next worker gets it again. */

/** u32 each: the bytes of the record, 0 if there is none; and how often it was handed to the function. */
const LENGTH = 0;
const ATTEMPTS = 1;
const HEADER_BYTES = 8;
const FEWEST_BYTES = 1024;

/** Makes the memory for one message of at most half of `queueBytes`. The system gives what is touched. */
export function createLetterBox(queueBytes: number): SharedArrayBuffer {
  const most = HEADER_BYTES + queueBytes;
  return new SharedArrayBuffer(Math.min(FEWEST_BYTES, most), { maxByteLength: most });
}

/** A message that is in hand. */
export interface Letter {
  readonly record: Uint8Array<ArrayBuffer>;
  /** How often it was handed to the function, this time included. */
  readonly attempts: number;
}

/** A thread's handle on such memory. One thread at a time uses it. */
export class LetterInHand {
  readonly #memory: SharedArrayBuffer;
  readonly #words: Uint32Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory;
    this.#words = new Uint32Array(memory, 0, HEADER_BYTES / 4);
  }

  /** Keeps a copy of a record that is handed to the function for the first time. */
  keep(record: Uint8Array): void {
    const end = HEADER_BYTES + record.length;
    if (end > this.#memory.byteLength) this.#memory.grow(end);
    new Uint8Array(this.#memory).set(record, HEADER_BYTES);
    this.#words[ATTEMPTS] = 1;
    this.#words[LENGTH] = record.length;
  }

  /** What is in hand; `null` if nothing is. */
  get letter(): Letter | null {
    const length = this.#words[LENGTH];
    if (length === 0) return null;
    const record = new Uint8Array(new Uint8Array(this.#memory, HEADER_BYTES, length));
    return { record, attempts: this.#words[ATTEMPTS] };
  }

  /** It is handed to the function once more. */
  countAttempt(): void {
    this.#words[ATTEMPTS]++;
  }

  /** It is done. */
  clear(): void {
    this.#words[LENGTH] = 0;
  }
}
