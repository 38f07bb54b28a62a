/** The post of a worker that kernels share: sorts what comes from other threads, and hands over what stays in this one. */

import type { Doorbell } from "../../ring/doorbell.ts";
import { Turns } from "../../ring/turns.ts";
import { type FailureReport, reportTermination } from "../message/failure.ts";
import { addressIn, replyToIn } from "../message/message_record.ts";
import type { RecordBytes } from "../message/sheet.ts";
import type { InputGauge } from "./input_gauge.ts";
import { LocalInput, type LocalInputHost, type LocalInputOwner } from "./local_input.ts";
import { LocalItem } from "./local_item.ts";
import { Outlet, type OutletQueue } from "./outlet.ts";
import type { Settler } from "./settler.ts";
import type { Station } from "./station.ts";
import type { TakenTable } from "./taken_table.ts";

/** What is left in a worker that ends: messages by the kernel that they are for. */
export type Leftovers = readonly (readonly [kernel: number, records: readonly RecordBytes[]])[];

/** A kernel of this worker. */
export interface Tenant extends LocalInputOwner {
  readonly kernel: string;
  readonly mailboxId: number;
  /** The longest answer that it takes. */
  readonly answerBytes: number;
  /** Where answers to it are put; made when the first comes. */
  localAnswers: Outlet | undefined;
  /** Hears an answer. */
  hear(carried: RecordBytes | LocalItem): void;
}

/** A kernel's place: its input stays when its function is called again. */
interface Place {
  tenant: Tenant;
  /** `null` for members of a pool, which share one. */
  readonly input: LocalInput | null;
}

/** What a {@link LocalPost} works with. */
export interface LocalPostOptions {
  readonly station: Station;
  /** The requests of the worker. */
  readonly table: TakenTable;
  readonly settler: Settler;
  /** Asks whose messages these are: no kernel of that number is here. */
  askWhose(kernel: number): void;
}

/** After so many records at once, the event loop gets a turn. */
const MANY = 1024;

/** Kernels of this worker, by the ids of their mailboxes. */
export class LocalPost implements LocalInputHost {
  readonly table: TakenTable;
  readonly #options: LocalPostOptions;
  readonly #bell: Doorbell;
  readonly #places = new Map<number, Place>();
  /** Messages that have come before their kernels. */
  readonly #early = new Map<number, RecordBytes[]>();
  /** Inputs that are closed, and wait for what is on its way. */
  readonly #closing = new Set<LocalInput>();
  readonly #turns = new Turns();

  constructor(options: LocalPostOptions) {
    this.table = options.table;
    this.#options = options;
    this.#bell = options.station.openBell();
    this.#serve();
  }

  async #serve(): Promise<void> {
    const source = this.#options.station.queue.records();
    for (;;) {
      while (this.drain()) await this.#turns.take();
      await this.#bell.wait([source], Infinity);
    }
  }

  /** Sorts what has come. True if there is more. */
  drain(): boolean {
    const { queue } = this.#options.station;
    this.countTurn();
    for (let left = MANY; left > 0; left--) {
      const record = queue.take();
      if (!record) {
        this.#wakeClosing();
        return false;
      }
      this.#sort(record);
    }
    return true;
  }

  /** The worker's event loop comes round. */
  countTurn(): void {
    this.#options.station.countTurn();
  }

  #wakeClosing(): void {
    if (this.#closing.size === 0) return;
    for (const input of this.#closing) input.wake();
    this.#closing.clear();
  }

  /** Has an input that is closed look again when all that is on its way has come. */
  noteClosing(input: LocalInput): void {
    this.#closing.add(input);
  }

  #sort(record: RecordBytes): void {
    const { kernel, isAnswer } = addressIn(record);
    const place = this.#places.get(kernel);
    if (isAnswer) place?.tenant.hear(record);
    else if (place?.input) place.input.arrive(LocalItem.ofRecord(record));
    else this.#keep(kernel, new Uint8Array(record));
  }

  #keep(kernel: number, record: RecordBytes): void {
    const early = this.#early.get(kernel);
    if (early) early.push(record);
    else {
      this.#early.set(kernel, [record]);
      this.#options.askWhose(kernel);
    }
  }

  /** Whether nothing is on its way from other threads. */
  get isStationEmpty(): boolean {
    return this.#options.station.queue.depth === 0;
  }

  /** Whether a kernel is one of this worker's. */
  has(kernel: number): boolean {
    return this.#places.has(kernel);
  }

  /** The input of a kernel of this worker, if it has one of its own. */
  inputOf(kernel: number): LocalInput | null {
    return this.#places.get(kernel)?.input ?? null;
  }

  /**
   * A kernel moves in, with what its last worker has left, and what has come before it; or its function is called anew. `gauge`
   * is `null` for members of a pool.
   */
  moveIn(tenant: Tenant, gauge: InputGauge | null, left: readonly RecordBytes[]): LocalInput | null {
    const { mailboxId: kernel } = tenant;
    const known = this.#places.get(kernel);
    if (known) {
      known.tenant = tenant;
      known.input?.adopt(tenant);
      return known.input;
    }
    const input = gauge && new LocalInput(gauge, tenant, this);
    this.#places.set(kernel, { tenant, input });
    for (const record of [...left, ...this.#early.get(kernel) ?? []]) input?.arrive(LocalItem.ofRecord(record));
    this.#early.delete(kernel);
    return input;
  }

  /** Where answers to a kernel of this worker are put; `undefined` if there is none. */
  answersTo(kernel: number): Outlet | undefined {
    const tenant = this.#places.get(kernel)?.tenant;
    return tenant && (tenant.localAnswers ??= newAnswers(tenant));
  }

  /** Notes which kernel's function goes on now. */
  noteRunning(kernel: number): void {
    this.#options.station.running = kernel;
  }

  /** A kernel has ended for good: what is left for it fails, and is counted. */
  moveOut(kernel: number, failure: FailureReport | null): void {
    const place = this.#places.get(kernel);
    this.#places.delete(kernel);
    const early = this.#early.get(kernel) ?? [];
    this.#early.delete(kernel);
    const items = place?.input?.clear() ?? [];
    const requests = [...items.map(({ replyTo }) => replyTo), ...early.map(replyToIn)].filter((one) => one !== null);
    this.#options.settler.settleAll(requests, failure ?? reportTermination(place?.tenant.kernel ?? "(ended)"));
  }

  /** What is queued for all kernels: the worker ends. */
  leave(): Leftovers {
    const early = [...this.#early];
    const queued = [...this.#places].map(([kernel, { input }]) => [kernel, input?.records() ?? []] as const);
    return [...queued, ...early].filter(([, records]) => records.length > 0);
  }
}

function newAnswers(tenant: Tenant): Outlet {
  const { kernel, mailboxId: mailbox, answerBytes } = tenant;
  const offer = (carried: RecordBytes | LocalItem) => {
    tenant.hear(carried);
    return true;
  };
  const queue: OutletQueue = {
    maxRecordBytes: answerBytes,
    takesCopies: true,
    closed: false,
    depth: 0,
    offer,
    offerDroppingOldest: offer,
    offerAsync: (carried) => Promise.resolve(offer(carried)),
  };
  const bytesOption = `queueBytes of kernel "${kernel}", which asked`;
  const place = `to the mailbox of ${kernel}`;
  return new Outlet(queue, { kernel, mailbox, backpressure: "block", place, bytesOption });
}
