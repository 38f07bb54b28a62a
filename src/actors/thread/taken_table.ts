/** The requests that lie in a worker and are not answered, in shared memory: they are known though the worker dies. */

/**
 * Numbers of an entry, all f64: the ticket; 1 + the id of the mailbox, 0 in a free entry; and the kernel that has it, by the id
 * of its mailbox, below 0 while the request is queued in the worker's heap.
 */
const [TICKET, MAILBOX, KERNEL] = [0, 1, 2];
const ENTRY = 3;
const ENTRY_BYTES = ENTRY * 8;
const FEWEST_BYTES = 64 * ENTRY_BYTES;
/** Address space, of which the system gives what is touched: 2^22 requests. Those beyond time out if their worker dies. */
const MOST_BYTES = 2 ** 22 * ENTRY_BYTES;

/** Whom an answer is for. */
export interface TakenRequest {
  readonly mailbox: number;
  readonly ticket: number;
}

/** Makes the memory of a worker's table. */
export function createTakenTable(): SharedArrayBuffer {
  return new SharedArrayBuffer(FEWEST_BYTES, { maxByteLength: MOST_BYTES });
}

/** A thread's handle on a table: the worker writes it; others read it once that has ended, or is given up on. */
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
   * Notes a request of a kernel, and returns the number of its entry; -1 if the table is full.
   */
  add({ mailbox, ticket }: TakenRequest, kernel = 0, isQueued = false): number {
    const entry = this.#free.pop() ?? this.#next();
    if (entry < 0) return entry;
    const at = entry * ENTRY;
    this.#entries[at + TICKET] = ticket;
    this.#entries[at + KERNEL] = isQueued ? -kernel : kernel;
    this.#entries[at + MAILBOX] = mailbox + 1;
    return entry;
  }

  #next(): number {
    if (this.#used * ENTRY === this.#entries.length) {
      if (this.#memory.byteLength * 2 > this.#memory.maxByteLength) return -1;
      this.#memory.grow(this.#memory.byteLength * 2);
      this.#entries = new Float64Array(this.#memory, 0, this.#memory.byteLength / 8);
    }
    return this.#used++;
  }

  /** A request that was queued is taken. */
  take(entry: number): void {
    if (entry >= 0) this.#entries[entry * ENTRY + KERNEL] = Math.abs(this.#entries[entry * ENTRY + KERNEL]);
  }

  /** Frees an entry. */
  remove(entry: number): void {
    if (entry < 0) return;
    this.#entries[entry * ENTRY + MAILBOX] = 0;
    this.#free.push(entry);
  }

  /** Empties the table, and returns what was in it. Nobody else may write it meanwhile. */
  takeAll(): TakenRequest[] {
    const entries = new Float64Array(this.#memory);
    const all = this.#found(entries, () => true);
    entries.fill(0);
    return all;
  }

  /** What a kernel has taken, and, if `orQueued`, what is queued for it. */
  of(kernel: number, orQueued: boolean): TakenRequest[] {
    const wanted = (found: number) => found === kernel || orQueued && found === -kernel;
    return this.#found(new Float64Array(this.#memory), wanted);
  }

  #found(entries: Float64Array, isWanted: (kernel: number) => boolean): TakenRequest[] {
    const all: TakenRequest[] = [];
    for (let at = 0; at < entries.length; at += ENTRY) {
      if (entries[at + MAILBOX] === 0 || !isWanted(entries[at + KERNEL])) continue;
      all.push({ ticket: entries[at + TICKET], mailbox: entries[at + MAILBOX] - 1 });
    }
    return all;
  }
}
