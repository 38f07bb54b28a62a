/** Puts records into a queue, by its strategy of backpressure. */

import type { Band } from "../../ring/queue_description.ts";
import type { RecordQueue } from "../../ring/record_queue.ts";
import { checkTimeout } from "../../ring/waiting.ts";
import { KernelStateError, MessageError, QueueFullError, QueueTimeoutError } from "../errors.ts";
import type { Backpressure } from "../ring_kernel.ts";

/** The band of a priority. */
function bandOf(priority: number): Band {
  if (priority >= 224) return 3;
  if (priority >= 160) return 2;
  return priority >= 64 ? 1 : 0;
}

/** A record of a message, on its way. */
export interface Parcel {
  readonly record: Uint8Array<ArrayBuffer>;
  readonly priority: number;
  readonly messageType: string;
}

/** What an {@link Outlet} is about. */
export interface OutletOptions {
  /** The kernel's id; of the program's mailbox, `the program`. */
  readonly kernel: string;
  /** The id of that kernel's mailbox. */
  readonly mailbox: number;
  readonly backpressure: Backpressure;
  /** For messages: `to kernel "sum"`. */
  readonly place: string;
  /** For messages: the option that says how long a record may be. */
  readonly bytesOption: string;
  /** Hears of each record that is dropped. */
  onDropped?(record: Uint8Array<ArrayBuffer>): void;
  /** Hears that a call waits for room, or, by `null`, that none does any more. */
  noteWait?(mailbox: number | null): void;
}

/** A record is longer than its queue takes. */
export class TooLongError extends MessageError {}

/** A queue, as a thread that puts messages into it sees it. */
export class Outlet {
  /** Resolves when every message that was sent so far is checked and queued, or waits in the queue's line; `null` if all are. */
  checking: Promise<void> | null = null;
  readonly #queue: RecordQueue;
  readonly #options: OutletOptions;
  /** Calls that wait for room. */
  #waiting = 0;

  constructor(queue: RecordQueue, options: OutletOptions) {
    this.#queue = queue;
    this.#options = options;
  }

  /** The longest record that it takes. */
  get maxBytes(): number {
    return this.#queue.maxRecordBytes;
  }

  /** Whether nothing more can be put in. */
  get closed(): boolean {
    return this.#queue.closed;
  }

  /**
   * Tries at once. False if it must wait for room.
   *
   * @throws {MessageError} If the record is too long.
   * @throws {QueueFullError} If there is no room, and it must not wait.
   * @throws {KernelStateError} If the kernel takes nothing any more.
   */
  offer(parcel: Parcel): boolean {
    const { record, priority } = parcel;
    const queue = this.#queue;
    if (record.length > queue.maxRecordBytes) throw this.#tooLong(parcel);
    const { backpressure } = this.#options;
    const band = bandOf(priority);
    if (backpressure === "dropOldest") return this.#offerDropping(parcel, band);
    // Behind those that wait already.
    if (this.#waiting === 0 && queue.offer(record, band)) return true;
    this.#checkOpen(parcel);
    if (backpressure === "block") return false;
    throw new QueueFullError(`${this.#what(parcel)}: its queue is full, of ${queue.depth} messages`);
  }

  #offerDropping(parcel: Parcel, band: Band): true {
    const { onDropped } = this.#options;
    if (this.#queue.offerDroppingOldest(parcel.record, band, onDropped)) return true;
    this.#checkOpen(parcel);
    // The new record was dropped itself: count it.
    onDropped?.(parcel.record);
    return true;
  }

  /**
   * Waits for room.
   *
   * @throws {QueueTimeoutError} If there is none within `timeoutMs`.
   * @throws {KernelStateError} If the kernel takes nothing any more.
   * @throws {unknown} If `signal` aborts: its reason.
   */
  async wait(parcel: Parcel, timeoutMs: number, signal: AbortSignal): Promise<void> {
    checkTimeout(timeoutMs, `send "${parcel.messageType}" ${this.#options.place}`);
    // A copy, as the next message is written over it. (The `slice()` of a Buffer is none.)
    const record = new Uint8Array(parcel.record);
    const until = performance.now() + timeoutMs;
    if (this.#waiting++ === 0) this.#options.noteWait?.(this.#options.mailbox);
    try {
      for (let left = timeoutMs;; left = Math.max(until - performance.now(), 0)) {
        if (await this.#queue.offerAsync(record, bandOf(parcel.priority), left, { signal })) return;
        this.#checkOpen(parcel);
        if (performance.now() >= until) throw this.#timeout(parcel, timeoutMs);
      }
    } finally {
      if (--this.#waiting === 0) this.#options.noteWait?.(null);
    }
  }

  #checkOpen(parcel: Parcel): void {
    if (this.#queue.closed) throw new KernelStateError(`${this.#what(parcel)}: it terminates, or has terminated`);
  }

  #what({ messageType }: Parcel): string {
    return `Cannot send "${messageType}" ${this.#options.place}`;
  }

  #timeout(parcel: Parcel, timeoutMs: number): QueueTimeoutError {
    return new QueueTimeoutError(`${this.#what(parcel)}: its queue stayed full for ${timeoutMs} ms`);
  }

  #tooLong(parcel: Parcel): TooLongError {
    const { messageType, record } = parcel;
    const { kernel, bytesOption } = this.#options;
    const rule = `a message has at most ${this.maxBytes} bytes, half of ${bytesOption}, envelope included`;
    return new TooLongError(`${this.#what(parcel)}: ${rule}, received ${record.length}`, { messageType, kernel });
  }
}
