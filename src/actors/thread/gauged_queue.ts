/** The input of a kernel that shares its worker, as threads see it that send to it: from outside, and from the same thread. */

import type { Band } from "../../ring/queue_description.ts";
import { within } from "../../ring/within.ts";
import { untilAborted } from "../../worker/until_aborted.ts";
import type { RecordBytes } from "../message/sheet.ts";
import { addressRecord, type RecordAddress } from "../message/message_record.ts";
import type { InputGauge } from "./input_gauge.ts";
import type { OutletQueue } from "./outlet.ts";
import type { Station } from "./station.ts";

/** Calls that wait for something take turns: who has come first goes on first. */
export class Line {
  #last: Promise<void> = Promise.resolve();

  /** Does `work` in its turn, in what is left of the time. False if its turn does not come in time, or `work` says so. */
  async inTurn(
    timeoutMs: number,
    signal: AbortSignal | undefined,
    work: (leftMs: number) => Promise<boolean>,
  ): Promise<boolean> {
    const until = performance.now() + timeoutMs;
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = before.then(() => promise);
    try {
      if (!await untilAborted(within(before, timeoutMs), signal)) return false;
      return await work(Math.max(until - performance.now(), 0));
    } finally {
      resolve();
    }
  }
}

/** As threads see it that do not run the kernel. */
export class RemoteInput implements OutletQueue {
  readonly maxRecordBytes: number;
  readonly #gauge: InputGauge;
  readonly #station: Station;
  readonly #address: RecordAddress;
  readonly #lines: (Line | undefined)[] = [];

  constructor(gauge: InputGauge, station: Station) {
    this.#gauge = gauge;
    this.#station = station;
    this.#address = { kernel: gauge.kernel, isAnswer: false };
    this.maxRecordBytes = Math.min(gauge.limits.bytes, station.queue.maxRecordBytes * 2) / 2;
  }

  get closed(): boolean {
    return this.#gauge.closed;
  }

  get depth(): number {
    return this.#gauge.depth;
  }

  offer(record: RecordBytes, band: Band): boolean {
    if (this.closed || !this.#gauge.claim(band, record.length)) return false;
    if (this.#station.offer(record, this.#address, band)) return true;
    this.#gauge.release(band, record.length);
    return false;
  }

  /** The kernel's worker makes room when it gets the record. */
  offerDroppingOldest(record: RecordBytes, band: Band): boolean {
    if (this.closed) return false;
    this.#gauge.claimAnyway(band, record.length);
    if (this.#station.offer(record, this.#address, band)) return true;
    this.#gauge.release(band, record.length);
    this.#gauge.countDropped();
    return false;
  }

  offerAsync(
    record: RecordBytes,
    band: Band,
    timeoutMs: number,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<boolean> {
    const line = this.#lines[band] ??= new Line();
    return line.inTurn(timeoutMs, signal, (left) => this.#offerAsync(record, band, left, signal));
  }

  async #offerAsync(record: RecordBytes, band: Band, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    const until = performance.now() + timeoutMs;
    const claim = () => !this.closed && this.#gauge.claim(band, record.length);
    if (!await this.#gauge.whenRoom(claim, timeoutMs, signal)) return false;
    let isSent = false;
    try {
      addressRecord(record, this.#address);
      const left = Math.max(until - performance.now(), 0);
      isSent = await this.#station.queue.offerAsync(record, band, left, { signal });
      return isSent;
    } finally {
      if (!isSent) this.#gauge.release(band, record.length);
    }
  }
}

/** Where those wait for answers who run in such a worker, as other threads see it. */
export class RemoteAnswers implements OutletQueue {
  readonly maxRecordBytes: number;
  readonly #station: Station;
  readonly #address: RecordAddress;

  /** `bytes` is the longest answer that the kernel takes. */
  constructor(kernel: number, bytes: number, station: Station) {
    this.#station = station;
    this.#address = { kernel, isAnswer: true };
    this.maxRecordBytes = Math.min(bytes, station.queue.maxRecordBytes);
  }

  get closed(): boolean {
    return this.#station.queue.closed;
  }

  get depth(): number {
    return 0;
  }

  offer(record: RecordBytes, band: Band): boolean {
    return this.#station.offer(record, this.#address, band);
  }

  offerDroppingOldest(record: RecordBytes, band: Band): boolean {
    return this.offer(record, band);
  }

  offerAsync(record: RecordBytes, band: Band, timeoutMs: number, options?: { signal?: AbortSignal }): Promise<boolean> {
    addressRecord(record, this.#address);
    return this.#station.queue.offerAsync(record, band, timeoutMs, options);
  }
}
