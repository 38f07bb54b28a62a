/** Puts records into a queue, by its strategy of backpressure. */

import type { Band } from "../../ring/queue_description.ts";
import type { RecordQueue } from "../../ring/record_queue.ts";
import type { RecordBytes } from "../message/sheet.ts";
import { bandOf, type LocalItem } from "./local_item.ts";
import { checkTimeout } from "../../ring/waiting.ts";
import { KernelStateError, MessageError, QueueFullError, QueueTimeoutError } from "../errors.ts";
import type { Backpressure } from "../ring_kernel.ts";

/** A message on its way. */
export interface Parcel {
  /** A record, which is valid until the next one is made; or a copy, for a kernel of the same thread. */
  readonly carried: RecordBytes | LocalItem;
  readonly bytes: number;
  readonly priority: number;
  readonly messageType: string;
}

/** A queue that messages are put into. */
export interface OutletQueue {
  /** The longest record that it takes. */
  readonly maxRecordBytes: number;
  /** Whether it takes copies: it belongs to a kernel of this thread. */
  readonly takesCopies?: boolean;
  /** Whether nothing more can be put in. */
  readonly closed: boolean;
  /** Messages that it holds. */
  readonly depth: number;
  /** Puts a message in. False if there is no room, or the queue is closed. */
  offer(carried: RecordBytes | LocalItem, band: Band): boolean;
  /** As `offer()`, at the expense of older ones. False if the message itself is dropped, or the queue is closed. */
  offerDroppingOldest(
    carried: RecordBytes | LocalItem,
    band: Band,
    onDropped?: (record: RecordBytes) => void,
  ): boolean;
  /** As `offer()`, once there is room. */
  offerAsync(
    carried: RecordBytes | LocalItem,
    band: Band,
    timeoutMs: number,
    options?: { signal?: AbortSignal },
  ): Promise<boolean>;
}

/** Puts a message into a queue in shared memory. */
export function queueOf(queue: RecordQueue): OutletQueue {
  return queue as unknown as OutletQueue;
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
  onDropped?(record: RecordBytes): void;
}

/** A record is longer than its queue takes. */
export class TooLongError extends MessageError {}

/** A queue, as a thread that puts messages into it sees it. */
export class Outlet {
  /** Resolves when every message that was sent so far is checked and queued, or waits in the queue's line; `null` if all are. */
  checking: Promise<void> | null = null;
  readonly #queue: OutletQueue;
  readonly #options: OutletOptions;
  /** Calls that wait for room. */
  #waiting = 0;

  constructor(queue: OutletQueue, options: OutletOptions) {
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

  /** Whether it takes copies instead of records. */
  get takesCopies(): boolean {
    return this.#queue.takesCopies === true;
  }

  /** Whose queue it is, by the id of a mailbox. */
  get mailbox(): number {
    return this.#options.mailbox;
  }

  /**
   * Tries at once. False if it must wait for room.
   *
   * @throws {MessageError} If the record is too long.
   * @throws {QueueFullError} If there is no room, and it must not wait.
   * @throws {KernelStateError} If the kernel takes nothing any more.
   */
  offer(parcel: Parcel): boolean {
    const { carried, bytes, priority } = parcel;
    const queue = this.#queue;
    if (bytes > queue.maxRecordBytes) throw this.#tooLong(parcel);
    const { backpressure } = this.#options;
    const band = bandOf(priority);
    if (backpressure === "dropOldest") return this.#offerDropping(parcel, band);
    // Behind those that wait already.
    if (this.#waiting === 0 && queue.offer(carried, band)) return true;
    this.#checkOpen(parcel);
    if (backpressure === "block") return false;
    throw new QueueFullError(`${this.#what(parcel)}: its queue is full, of ${queue.depth} messages`);
  }

  #offerDropping(parcel: Parcel, band: Band): true {
    const options = this.#options;
    const onDropped = options.onDropped && ((record: RecordBytes) => options.onDropped!(record));
    if (this.#queue.offerDroppingOldest(parcel.carried, band, onDropped)) return true;
    this.#checkOpen(parcel);
    // It was dropped itself, which is counted.
    if (onDropped) onDropped(parcel.carried instanceof Uint8Array ? parcel.carried : parcel.carried.toRecord());
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
    const carried = parcel.carried instanceof Uint8Array ? new Uint8Array(parcel.carried) : parcel.carried;
    const until = performance.now() + timeoutMs;
    this.#waiting++;
    try {
      for (let left = timeoutMs;; left = Math.max(until - performance.now(), 0)) {
        if (await this.#queue.offerAsync(carried, bandOf(parcel.priority), left, { signal })) return;
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
    return `Cannot send "${messageType}" ${this.#options.place}`;
  }

  #timeout(parcel: Parcel, timeoutMs: number): QueueTimeoutError {
    return new QueueTimeoutError(`${this.#what(parcel)}: its queue stayed full for ${timeoutMs} ms`);
  }

  #tooLong(parcel: Parcel): TooLongError {
    const { messageType, bytes } = parcel;
    const { kernel, bytesOption } = this.#options;
    const rule = `a message has at most ${this.maxBytes} bytes, half of ${bytesOption}, envelope included`;
    return new TooLongError(`${this.#what(parcel)}: ${rule}, received ${bytes}`, { messageType, kernel });
  }
}
