/** Puts records into a queue, by its strategy of backpressure. */

import type { Band } from "../../ring/queue_description.ts";
import type { RecordQueue } from "../../ring/record_queue.ts";
import { checkTimeout } from "../../ring/waiting.ts";
import { KernelStateError, MessageError, QueueFullError, QueueTimeoutError } from "../errors.ts";
import type { Backpressure } from "../ring_kernel.ts";

/** The band of a priority. */
export function bandOf(priority: number): Band {
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

/** A queue, as a thread that puts messages into it sees it. */
export class Outlet {
  readonly #queue: RecordQueue;
  readonly #kernel: string;
  readonly #backpressure: Backpressure;
  /** For messages: whose queue it is. */
  readonly #place: string;
  /** Calls that wait for room. */
  #waiting = 0;

  /** `place` says where messages go: `to kernel "sum"`. */
  constructor(queue: RecordQueue, kernel: string, backpressure: Backpressure, place: string) {
    this.#queue = queue;
    this.#kernel = kernel;
    this.#backpressure = backpressure;
    this.#place = place;
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
    const { record, priority } = parcel, queue = this.#queue;
    if (record.length > queue.maxRecordBytes) throw this.#tooLong(parcel);
    const band = bandOf(priority);
    if (this.#backpressure === "dropOldest") {
      if (queue.offerDroppingOldest(record, band)) return true;
      // Otherwise it was dropped itself, which is counted.
      this.#checkOpen(parcel);
      return true;
    }
    // Behind those that wait already.
    if (this.#waiting === 0 && queue.offer(record, band)) return true;
    this.#checkOpen(parcel);
    if (this.#backpressure === "block") return false;
    throw new QueueFullError(
      `${this.#what(parcel)}: its queue is full, received one more than ${queue.depth} messages`,
    );
  }

  /**
   * Waits for room.
   *
   * @throws {QueueTimeoutError} If there is none within `timeoutMs`.
   * @throws {KernelStateError} If the kernel takes nothing any more.
   * @throws {unknown} If `signal` aborts: its reason.
   */
  async wait(parcel: Parcel, timeoutMs: number, signal: AbortSignal): Promise<void> {
    checkTimeout(timeoutMs, `send "${parcel.messageType}" ${this.#place}`);
    // A copy, as the next message is written over it. (The `slice()` of a Buffer is none.)
    const record = new Uint8Array(parcel.record), until = performance.now() + timeoutMs;
    this.#waiting++;
    try {
      for (let left = timeoutMs;; left = Math.max(until - performance.now(), 0)) {
        if (await this.#queue.offerAsync(record, bandOf(parcel.priority), left, { signal })) return;
        this.#checkOpen(parcel);
        if (performance.now() >= until) throw this.#timeout(parcel, timeoutMs);
      }
    } finally {
      this.#waiting--;
    }
  }

  #checkOpen(parcel: Parcel): void {
    if (this.#queue.closed) throw new KernelStateError(`${this.#what(parcel)}: it terminates, or has terminated`);
  }

  #what({ messageType }: Parcel): string {
    return `Cannot send "${messageType}" ${this.#place}`;
  }

  #timeout(parcel: Parcel, timeoutMs: number): QueueTimeoutError {
    return new QueueTimeoutError(`${this.#what(parcel)}: its queue stayed full for ${timeoutMs} ms`);
  }

  #tooLong(parcel: Parcel): MessageError {
    const { messageType, record } = parcel, most = this.#queue.maxRecordBytes;
    const rule = `a message has at most ${most} bytes, half of its queueBytes, envelope included`;
    return new MessageError(`${this.#what(parcel)}: ${rule}, received ${record.length}`, {
      messageType,
      kernel: this.#kernel,
    });
  }
}
