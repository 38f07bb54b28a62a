/** The input of a kernel that shares its worker, in that worker: its messages lie in the heap. */

import type { Band } from "../../ring/queue_description.ts";
import { within } from "../../ring/within.ts";
import { untilAborted } from "../../worker/until_aborted.ts";
import type { RecordBytes } from "../message/sheet.ts";
import { Line } from "./gauged_queue.ts";
import type { InputSource } from "./input_source.ts";
import type { InputGauge } from "./input_gauge.ts";
import { LocalItem } from "./local_item.ts";
import type { OutletQueue } from "./outlet.ts";
import type { TakenTable } from "./taken_table.ts";

/** Whose input it is. */
export interface LocalInputOwner {
  /** Whether the kernel takes copies; otherwise records only. */
  readonly takesCopies: boolean;
  /** Whether the oldest messages make room for others. */
  readonly dropsOldest: boolean;
  /** Whether the kernel may take messages at this moment. */
  readonly mayTake: boolean;
  /** Hears of each message that is dropped. */
  onDropped(item: LocalItem): void;
}

/** The worker in which it is. */
export interface LocalInputHost {
  /** The requests of the worker. */
  readonly table: TakenTable;
  /** Whether nothing is on its way from other threads. */
  readonly isStationEmpty: boolean;
  /** Whether a kernel is one of this worker: it ends with it. */
  has(kernel: number): boolean;
}

/** A call that waits for a message: it is given one, or `null` if it has to look again. */
type Waiting = (item: LocalItem | null) => void;

/** Messages of one kernel. */
export class LocalInput implements OutletQueue, InputSource {
  readonly #gauge: InputGauge;
  readonly #host: LocalInputHost;
  #owner: LocalInputOwner;
  /** By bands, the highest first; within a band in their order. */
  readonly #items: LocalItem[] = [];
  readonly #waiting: Waiting[] = [];
  readonly #lines: (Line | undefined)[] = [];
  #wakes = 0;

  constructor(gauge: InputGauge, owner: LocalInputOwner, host: LocalInputHost) {
    this.#gauge = gauge;
    this.#owner = owner;
    this.#host = host;
  }

  /** Another call of the kernel's function asks for messages from now on. */
  adopt(owner: LocalInputOwner): void {
    this.#owner = owner;
  }

  get maxRecordBytes(): number {
    return this.#gauge.limits.bytes / 2;
  }

  get takesCopies(): boolean {
    return this.#owner.takesCopies;
  }

  /** Whether nothing more can be put in, though something may be on its way. */
  get isClosing(): boolean {
    return this.#gauge.closed;
  }

  /** Whether nothing more will come. */
  get closed(): boolean {
    return this.#gauge.closed && (this.#gauge.depth <= this.#items.length || this.#host.isStationEmpty);
  }

  /** Messages that are queued here or on their way. */
  get depth(): number {
    return this.#host.isStationEmpty ? this.#items.length : Math.max(this.#gauge.depth, this.#items.length);
  }

  get wakes(): number {
    return this.#wakes;
  }

  /** Makes calls that wait come back: what they look at has changed. */
  wake(): void {
    this.#wakes++;
    for (const resolve of this.#waiting.splice(0)) resolve(null);
  }

  // From this thread.

  offer(carried: RecordBytes | LocalItem, band: Band): boolean {
    const gauge = this.#gauge;
    if (gauge.closed) return false;
    const item = carried instanceof LocalItem ? carried : LocalItem.ofRecord(carried);
    if (this.#waiting.length > 0 && this.#owner.mayTake) return this.#handOver(item);
    if (!gauge.claim(band, item.bytes)) return false;
    this.#put(item);
    return true;
  }

  offerDroppingOldest(carried: RecordBytes | LocalItem, band: Band): boolean {
    if (this.#gauge.closed) return false;
    const item = carried instanceof LocalItem ? carried : LocalItem.ofRecord(carried);
    this.#gauge.claimAnyway(band, item.bytes);
    this.arrive(item);
    return true;
  }

  offerAsync(
    carried: RecordBytes | LocalItem,
    band: Band,
    timeoutMs: number,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<boolean> {
    const line = this.#lines[band] ??= new Line();
    const attempt = () => this.offer(carried, band);
    return line.inTurn(timeoutMs, signal, (left) => this.#gauge.whenRoom(attempt, left, signal));
  }

  /** Somebody waits for it already: it takes no room. */
  #handOver(item: LocalItem): true {
    this.#note(item, false);
    this.#gauge.countTaken();
    this.#waiting.shift()!(item);
    return true;
  }

  #note(item: LocalItem, isQueued: boolean): void {
    const { replyTo } = item;
    if (replyTo === null || this.#host.has(replyTo.mailbox)) return;
    item.entry = this.#host.table.add(replyTo, this.#gauge.kernel, isQueued);
  }

  #put(item: LocalItem): void {
    this.#note(item, true);
    const items = this.#items;
    let at = items.length;
    while (at > 0 && items[at - 1].band < item.band) at--;
    if (at === items.length) items.push(item);
    else items.splice(at, 0, item);
    this.#gauge.held = items.length;
  }

  // From other threads.

  /** A message has come, for which room was claimed. */
  arrive(item: LocalItem): void {
    this.#put(item);
    if (this.#waiting.length > 0 && this.#owner.mayTake) this.#waiting.shift()!(this.#takeFirst());
    else if (this.#owner.dropsOldest) this.#dropBeyond();
  }

  /** The oldest of the lowest band makes room; what has come may be that itself. */
  #dropBeyond(): void {
    const gauge = this.#gauge;
    const items = this.#items;
    const { records, urgentRecords } = gauge.limits;
    for (;;) {
      const lowest = items[items.length - 1].band;
      if (items.length <= (lowest === 3 ? records + urgentRecords : records)) return;
      const [item] = items.splice(items.findIndex(({ band }) => band === lowest), 1);
      this.#left(item);
      gauge.countDropped();
      this.#host.table.remove(item.entry);
      this.#owner.onDropped(item);
    }
  }

  /** A message is not queued any more. */
  #left(item: LocalItem): void {
    this.#gauge.held = this.#items.length;
    this.#gauge.release(item.band, item.bytes);
  }

  #takeFirst(): LocalItem {
    const item = this.#items.shift()!;
    this.#left(item);
    this.#gauge.countTaken();
    this.#host.table.take(item.entry);
    return item;
  }

  // To the kernel.

  take(): LocalItem | null {
    return this.#items.length === 0 ? null : this.#takeFirst();
  }

  /** Calls back with the next message, or `null` if it has to look again. Nothing is queued at the moment. */
  wait(waiting: Waiting): void {
    this.#waiting.push(waiting);
  }

  takeAsync(timeoutMs: number, { since, signal }: { since: number; signal?: AbortSignal }): Promise<LocalItem | null> {
    if (this.#wakes !== since) return NOTHING;
    const item = this.take();
    if (item || this.closed || timeoutMs === 0) return Promise.resolve(item);
    const { promise, resolve } = Promise.withResolvers<LocalItem | null>();
    this.#waiting.push(resolve);
    return timeoutMs === Infinity && !signal ? promise : this.#within(promise, resolve, timeoutMs, signal);
  }

  async #within(
    promise: Promise<LocalItem | null>,
    waiting: Waiting,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<LocalItem | null> {
    // What comes just as the time is up is not lost: who gives up has not got it.
    const giveUp = () => {
      const at = this.#waiting.indexOf(waiting);
      if (at < 0) return promise;
      this.#waiting.splice(at, 1);
      return null;
    };
    try {
      await untilAborted(within(promise, timeoutMs), signal);
    } catch (error) {
      const item = await giveUp();
      if (item) this.#putBack(item);
      throw error;
    }
    return await giveUp();
  }

  /** It was handed over to a call that had given up. */
  #putBack(item: LocalItem): void {
    const gauge = this.#gauge;
    this.#host.table.remove(item.entry);
    gauge.claimAnyway(item.band, item.bytes);
    gauge.countTaken(-1);
    this.#note(item, true);
    const at = this.#items.findIndex(({ band }) => band <= item.band);
    this.#items.splice(at < 0 ? this.#items.length : at, 0, item);
    gauge.held = this.#items.length;
  }

  // At the end.

  /** Takes all that is queued out. */
  clear(): LocalItem[] {
    const gauge = this.#gauge;
    const items = this.#items.splice(0);
    gauge.held = 0;
    for (const { band, bytes, entry } of items) {
      gauge.release(band, bytes);
      this.#host.table.remove(entry);
    }
    return items;
  }

  /** What is queued, as records, for the kernel's next worker. They stay counted. */
  records(): RecordBytes[] {
    return this.#items.map((item) => {
      const record = item.toRecord();
      this.#gauge.release(item.band, item.bytes);
      this.#gauge.claimAnyway(item.band, record.length);
      return record;
    });
  }
}

const NOTHING = Promise.resolve(null);
