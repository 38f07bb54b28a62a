/** The requests that a kernel's worker has taken and not answered, in shared memory: they are known though the worker dies. */

/** Bytes of an entry: the ticket, and 1 + the id of the mailbox, both f64. The second is 0 in a free entry. */
const ENTRY_BYTES = 16;
const FEWEST_BYTES = 64 * ENTRY_BYTES;
/** Address space, of which the system gives what is touched: 4 million requests. */
const MOST_BYTES = 2 ** 22 * ENTRY_BYTES;

/** Whom an answer is for. */
export interface TakenRequest {
  readonly mailbox: number;
  readonly ticket: number;
}

/** Bytes for a kernel among many: 4096 requests. Further ones are not noted, and time out if its worker dies. */
const SMALL_FEWEST_BYTES = 8 * ENTRY_BYTES;
const SMALL_MOST_BYTES = 4096 * ENTRY_BYTES;

/** Makes the memory of a table. */
export function createTakenTable(isSmall: boolean): SharedArrayBuffer {
  return isSmall
    ? new SharedArrayBuffer(SMALL_FEWEST_BYTES, { maxByteLength: SMALL_MOST_BYTES })
    : new SharedArrayBuffer(FEWEST_BYTES, { maxByteLength: MOST_BYTES });
}

/** A thread's handle on a table: a worker at a time writes it; others read it once that worker has ended. */
export class TakenTable {
  readonly #memory: SharedArrayBuffer;
  readonly #free: number[] = [];
  #entries: Float64Array<SharedArrayBuffer>;
  #used = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory;
    this.#entries = new Float64Array(memory, 0, memory.byteLength / 8);
  }

  /**
   * Notes a request, and returns the number of its entry; -1 if the table is full.
   */
  add({ mailbox, ticket }: TakenRequest): number {
    const entry = this.#free.pop() ?? this.#next();
    if (entry < 0) return entry;
    const at = entry * 2;
    this.#entries[at] = ticket;
    this.#entries[at + 1] = mailbox + 1;
    return entry;
  }

  #next(): number {
    if (this.#used * 2 === this.#entries.length) {
      if (this.#memory.byteLength === this.#memory.maxByteLength) return -1;
      this.#grow();
    }
    return this.#used++;
  }

  #grow(): void {
    this.#memory.grow(this.#memory.byteLength * 2);
    this.#entries = new Float64Array(this.#memory, 0, this.#memory.byteLength / 8);
  }

  /** Frees an entry. */
  remove(entry: number): void {
    if (entry < 0) return;
    this.#entries[entry * 2 + 1] = 0;
    this.#free.push(entry);
  }

  /** Empties the table, and returns what was in it. Nobody else may write it meanwhile. */
  takeAll(): TakenRequest[] {
    const entries = new Float64Array(this.#memory);
    const all: TakenRequest[] = [];
    for (let at = 0; at < entries.length; at += 2) {
      if (entries[at + 1] !== 0) all.push({ ticket: entries[at], mailbox: entries[at + 1] - 1 });
      entries[at + 1] = 0;
    }
    return all;
  }
}
