/** A queue of records in shared memory: many producers, consumers that take turns, four bands of priority. */

import { codes, layout } from "./core.generated.ts";
import type { HandleOptions } from "./end.ts";
import { describe } from "./frame_kind.ts";
import type { Core } from "./core.ts";
import { StoppedError } from "../errors.ts";
import type { Band, RecordQueueDescription } from "./queue_description.ts";
import type { SharedMemory } from "./shared_memory.ts";
import type { Source } from "./source.ts";
import { checkTimeout, type Waitable, Waiter } from "./waiting.ts";

/** Options of a call that waits. */
export interface QueueWaitOptions {
  /**
   * The call comes back as soon as `wakes` is not this any more. Take it before you look at whatever `wake()` is about to
   * tell: a wake between the two is not missed then.
   *
   * @default {wakes} as it is when the call begins
   */
  since?: number;
}

/** Options of a call that waits without blocking the thread. */
export interface AsyncQueueWaitOptions extends QueueWaitOptions {
  /** Rejects the call with its reason. Nothing is taken or queued then. A call behind others waits for its turn first. */
  signal?: AbortSignal;
}

/** What a call waits for: room for a record of `length` bytes, or a record; or a wake. */
interface Wanted {
  readonly length: number;
  readonly since: number;
}

/** A record, or room for one, as one of several things to wait for by a doorbell. */
export interface QueueSource extends Source {
  /**
   * It is ready as well once the queue's `wakes` is not this any more. Set it to `wakes` before you look at whatever `wake()`
   * is about to tell.
   *
   * @default {wakes} as it was when the source was made
   */
  since: number;
}

/** How often `offerDroppingOldest` tries to drop a record that somebody is just about to write or to take. */
const MOST_TRIES = 1000;
/** Views of records up to this length are made once. */
const SHORT_BYTES = 1024;
/** Up to this length, records are copied by words. */
const FEW_BYTES = 256;

/**
 * A party's handle on a record queue. It belongs to the thread that opens it, and so does its number: two threads that
 * use the same one at a time break the queue.
 *
 * Within a band, records come in the order in which their room was claimed. One whose producer is still writing holds
 * back those behind it in its band, not those of other bands.
 */
export class RecordQueue {
  /** The queue's name. */
  readonly name: string;
  /** The longest record that it takes: half the bytes of a band. */
  readonly maxRecordBytes: number;
  readonly #memory: SharedMemory;
  readonly #core: Core;
  readonly #queue: RecordQueueDescription;
  readonly #party: number;
  /** Address of the bands. */
  readonly #data: number;
  /** Index of the word that has the length of the record found last. */
  readonly #found: number;
  readonly #stopReason: () => Error;
  readonly #mayBlock: boolean;
  /** What its calls do, for messages. */
  readonly #offering: string;
  readonly #taking: string;
  readonly #newOffer: (band: Band) => Waiter<Wanted>;
  readonly #newTake: () => Waiter<Wanted>;
  readonly #offers: Waiter<Wanted>[] = [];
  #takes: Waiter<Wanted> | undefined;
  /** A copy: until who waits goes on, another call may take the next record. */
  readonly #consumed = (offset: number): Uint8Array<ArrayBuffer> | null => this.#consume(offset)?.slice() ?? null;
  #scratch: Uint8Array<ArrayBuffer> = NO_BYTES;
  #scratchWords: Int32Array<ArrayBuffer> = NO_WORDS;
  /** Views of the scratch by their length. */
  #views: Uint8Array<ArrayBuffer>[] = [];

  /**
   * Opens a queue as one of its parties, 0 to `parties` - 1.
   *
   * @throws {RangeError} If there is no such party.
   */
  constructor(memory: SharedMemory, queue: RecordQueueDescription, party: number, options: HandleOptions = {}) {
    checkParty(queue, party, "open");
    this.name = queue.name;
    this.#offering = `offer to queue "${queue.name}"`;
    this.#taking = `take from queue "${queue.name}"`;
    this.maxRecordBytes = queue.bytes / 2;
    this.#memory = memory;
    this.#core = memory.core;
    this.#queue = queue;
    this.#party = party;
    const slot = queue.address + layout.QUEUE_HEADER + party * layout.PARTY_BYTES;
    this.#data = queue.address + layout.QUEUE_HEADER + queue.parties * layout.PARTY_BYTES;
    this.#found = (slot + layout.PARTY_FOUND) / 4;
    this.#stopReason = options.stopReason ?? (() => new StoppedError("The pipeline was stopped"));
    this.#mayBlock = options.mayBlock ?? true;
    const waiting = { ...options, spinsAsync: true, parksAsync: this.#mayBlock };
    // Made when they are needed: most handles of a program with many queues never wait.
    this.#newOffer = (band) => new Waiter(this.#room(band), queue.wait, waiting);
    this.#newTake = () => new Waiter(this.#record(), queue.wait, waiting);
  }

  /** Room for a record of a band, as something to wait for. */
  #room(band: Band): Waitable<Wanted> {
    const core = this.#core;
    const { address } = this.#queue;
    const party = this.#party;
    return {
      words: this.#memory.words,
      waiters: (address + layout.QUEUE_ROOM_WAITERS) / 4,
      attempt: ({ length, since }) => this.#unlessWoken(this.#claim(band, length), since),
      park: ({ length, since }, spins, nanoseconds) =>
        core.queue_wait_for_room(address, party, band, length, since, spins, nanoseconds),
      prepare: ({ length, since }) => core.queue_prepare_wait_for_room(address, party, band, length, since),
    };
  }

  /** A record, as something to wait for. */
  #record(): Waitable<Wanted> {
    const core = this.#core;
    const { address } = this.#queue;
    const party = this.#party;
    return {
      words: this.#memory.words,
      waiters: (address + layout.QUEUE_RECORD_WAITERS) / 4,
      // The wake counts first: whoever is told to stop taking must not take what has come since.
      attempt: ({ since }) => this.wakes === since ? core.queue_look(address, party) : codes.INTERRUPTED,
      park: ({ since }, spins, nanoseconds) => core.queue_wait_for_record(address, party, since, spins, nanoseconds),
      prepare: ({ since }) => core.queue_prepare_wait_for_record(address, party, since),
    };
  }

  /** Claims room. A record of the highest band may find some beyond the number of records. */
  #claim(band: Band, length: number): number {
    const { address, urgentRecords = 0 } = this.#queue;
    const code = this.#core.queue_claim(address, this.#party, band, length);
    if (code !== codes.NOT_READY || urgentRecords === 0 || band !== 3) return code;
    return this.#claimBeyond(urgentRecords, length);
  }

  /** Until how many claims are allowed is the party's own note. It is raised for one claim, and looked up anew after that. */
  #claimBeyond(more: number, length: number): number {
    const { address, records } = this.#queue;
    const { longs } = this.#memory;
    const allowed = (address + layout.QUEUE_HEADER + this.#party * layout.PARTY_BYTES + layout.PARTY_ALLOWED) / 8;
    const released = Atomics.load(longs, (address + layout.QUEUE_RELEASED) / 8);
    longs[allowed] = released + BigInt(records + more);
    const code = this.#core.queue_claim(address, this.#party, 3, length);
    longs[allowed] = 0n;
    return code;
  }

  #unlessWoken(code: number, since: number): number {
    return code === codes.NOT_READY && this.wakes !== since ? codes.INTERRUPTED : code;
  }

  /**
   * Queues a copy of `record`. False if there is no room for it within `timeoutMs`, if the queue is or gets `closed`, or
   * if `wake()` was called meanwhile.
   *
   * @throws {TypeError} If `record` is no `Uint8Array`, or the call would block the main thread.
   * @throws {RangeError} If `record` is longer than `maxRecordBytes`, `band` is not 0 to 3, or `timeoutMs` is negative.
   * @throws {StoppedError} If everybody was told to stop.
   */
  offer(record: Uint8Array, band: Band, timeoutMs = 0, options?: QueueWaitOptions): boolean {
    this.#checkRecord(record, band);
    checkTimeout(timeoutMs, this.#offering);
    let offset = this.#claim(band, record.length);
    if (offset === codes.NOT_READY && timeoutMs > 0) {
      offset = this.#wait(
        this.#offers[band] ??= this.#newOffer(band),
        record.length,
        timeoutMs,
        this.#offering,
        options,
      );
    }
    return this.#publish(offset, record);
  }

  /** As {@link offer}, without blocking the thread; it waits without bound unless told otherwise. */
  offerAsync(
    record: Uint8Array,
    band: Band,
    timeoutMs = Infinity,
    options: AsyncQueueWaitOptions = NO_OPTIONS,
  ): Promise<boolean> {
    try {
      this.#checkRecord(record, band);
      checkTimeout(timeoutMs, this.#offering);
    } catch (error) {
      return Promise.reject(error);
    }
    const wanted = { length: record.length, since: options.since ?? this.wakes };
    return (this.#offers[band] ??= this.#newOffer(band)).promise(
      wanted,
      timeoutMs,
      (offset) => this.#publish(offset, record),
      options.signal,
    );
  }

  /**
   * Queues a copy of `record` at once. Where there is no room, it drops queued records for it, which `dropped` counts:
   * while there are too many, the oldest of the lowest band that has any, up to its own; while the bytes of its own band
   * do not suffice, the oldest of that. Where everything queued outranks it, or what it would drop is still being written,
   * the record itself is dropped, and counted. True if it was queued; false, too, if the queue is `closed`. `onDropped` is
   * shown each other record that is dropped: a copy.
   *
   * @throws {TypeError} If `record` is no `Uint8Array`.
   * @throws {RangeError} If `record` is longer than `maxRecordBytes`, or `band` is not 0 to 3.
   * @throws {StoppedError} If everybody was told to stop.
   */
  offerDroppingOldest(
    record: Uint8Array,
    band: Band,
    onDropped?: (dropped: Uint8Array<ArrayBuffer>) => void,
  ): boolean {
    this.#checkRecord(record, band);
    const { address } = this.#queue;
    for (let tries = MOST_TRIES;;) {
      const offset = this.#claim(band, record.length);
      if (offset !== codes.NOT_READY) return this.#publish(offset, record);
      const code = this.#makeRoom(band, record.length, onDropped);
      if (code === codes.NOT_READY ? --tries > 0 : code === codes.DONE) continue;
      this.#core.queue_refuse(address);
      return false;
    }
  }

  /** Drops a record. Whoever wants to see it holds the turn meanwhile, so that it is the one that is dropped. */
  #makeRoom(band: Band, length: number, onDropped?: (dropped: Uint8Array<ArrayBuffer>) => void): number {
    const core = this.#core;
    const { address } = this.#queue;
    if (!onDropped) return core.queue_make_room(address, this.#party, band, length);
    const found = core.queue_look(address, this.#party);
    if (found < 0) return found === codes.NOT_READY ? found : codes.DONE;
    return this.#dropLowest(this.depth >= this.#queue.records ? 0 : band, band, onDropped);
  }

  /** As the core's `make_room`. This party has the turn, and gives it back. */
  #dropLowest(lowest: number, highest: number, onDropped: (dropped: Uint8Array<ArrayBuffer>) => void): number {
    const { words } = this.#memory;
    let isEmpty = true;
    for (let band = lowest; band <= highest; band++) {
      const oldest = this.#headOf(band);
      const word = Atomics.load(words, oldest / 4);
      if (word === 0) {
        isEmpty &&= this.#isEmpty(band);
        continue;
      }
      const length = word & ~(layout.RECORD_COMMITTED | layout.RECORD_ABORTED);
      const dropped = word < 0 ? this.#copyAt(band, oldest, length) : null;
      this.#release(band, length, dropped ? layout.QUEUE_DROPPED : layout.QUEUE_ABORTED);
      if (dropped) onDropped(dropped);
      return codes.DONE;
    }
    this.#giveTurnBack();
    return isEmpty ? codes.OUTRANKED : codes.NOT_READY;
  }

  /** Frees the oldest record of a band, and counts it. It gives the turn back. */
  #release(band: number, length: number, count: number): void {
    const { address } = this.#queue;
    const { words, longs } = this.#memory;
    words[(address + layout.QUEUE_FOUND) / 4] = band;
    words[this.#found] = length;
    Atomics.add(longs, (address + count) / 8, 1n);
    this.#core.queue_free(address, this.#party);
  }

  #isEmpty(band: number): boolean {
    const { longs } = this.#memory;
    const at = this.#queue.address / 8 + band;
    return Atomics.load(longs, at + layout.QUEUE_TAILS / 8) === Atomics.load(longs, at + layout.QUEUE_HEADS / 8);
  }

  /** The address of the oldest record of a band, with its header. */
  #headOf(band: number): number {
    const { address, bytes } = this.#queue;
    const head = this.#memory.longs[(address + layout.QUEUE_HEADS) / 8 + band];
    return this.#data + band * bytes + Number(head % BigInt(bytes)) + layout.RECORD_LENGTH;
  }

  /** A copy of the record whose header is at an address: behind that, or, where it does not fit, at the band's start. */
  #copyAt(band: number, header: number, length: number): Uint8Array<ArrayBuffer> {
    const { bytes } = this.#queue;
    const start = this.#data + band * bytes;
    const isWhole = layout.RECORD_HEADER + ((length + 7) & ~7) <= start + bytes - header;
    const at = isWhole ? header + layout.RECORD_HEADER : start;
    return new Uint8Array(this.#memory.bytes.subarray(at, at + length));
  }

  /**
   * Resolves to true as soon as there is a record to take, or the queue is closed and drained; nothing is taken. False if
   * neither is so within `timeoutMs`, or if `wake()` was called meanwhile.
   */
  whenReady(timeoutMs = Infinity, options: AsyncQueueWaitOptions = NO_OPTIONS): Promise<boolean> {
    const wanted = { length: 0, since: options.since ?? this.wakes };
    return (this.#takes ??= this.#newTake()).promise(
      wanted,
      timeoutMs,
      (offset) => this.#giveBack(offset),
      options.signal,
    );
  }

  /** This party has looked, and takes nothing: as if it had died now. It has claimed nothing that is not published. */
  #giveTurnBack(): void {
    this.#core.queue_unblock(this.#queue.address, this.#party);
  }

  #giveBack(offset: number): boolean {
    const isThere = this.#isThere(offset);
    if (isThere) this.#giveTurnBack();
    return isThere || offset === codes.CLOSED;
  }

  /**
   * The oldest record of the highest band that has any: a view of this handle's own memory, which is not shared and stays
   * as it is until the next call that takes. `null` if none comes within `timeoutMs`, if the queue is `closed` and drained,
   * or if `wake()` was called meanwhile.
   *
   * A record that was returned is returned to nobody else.
   *
   * @throws {TypeError} If the call would block the main thread.
   * @throws {RangeError} If `timeoutMs` is negative.
   * @throws {StoppedError} If everybody was told to stop.
   */
  take(timeoutMs = 0, options?: QueueWaitOptions): Uint8Array<ArrayBuffer> | null {
    checkTimeout(timeoutMs, this.#taking);
    let offset = this.#core.queue_look(this.#queue.address, this.#party);
    if (offset === codes.NOT_READY && timeoutMs > 0) {
      offset = this.#wait(this.#takes ??= this.#newTake(), 0, timeoutMs, this.#taking, options);
    }
    return this.#consume(offset);
  }

  /**
   * As {@link take}, without blocking the thread; it waits without bound unless told otherwise. The record is the caller's own.
   */
  takeAsync(
    timeoutMs = Infinity,
    options: AsyncQueueWaitOptions = NO_OPTIONS,
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    try {
      checkTimeout(timeoutMs, this.#taking);
    } catch (error) {
      return Promise.reject(error);
    }
    const wanted = { length: 0, since: options.since ?? this.wakes };
    return (this.#takes ??= this.#newTake()).promise(wanted, timeoutMs, this.#consumed, options.signal);
  }

  /**
   * A record to take, the end of the queue, or a wake, as something to wait for by a doorbell of this party's thread. Make it
   * once, and wait for it any number of times.
   */
  records(): QueueSource {
    const core = this.#core;
    const { address } = this.#queue;
    const party = this.#party;
    return this.#source((since, bell) => core.queue_watch_record(address, party, since, bell));
  }

  /** Room for a record of `length` bytes, as {@link records}. */
  room(length: number, band: Band): QueueSource {
    const core = this.#core;
    const { address } = this.#queue;
    const party = this.#party;
    return this.#source((since, bell) => core.queue_watch_room(address, party, band, length, since, bell));
  }

  #source(watch: (since: number, bell: number) => number): QueueSource {
    return {
      since: this.wakes,
      chosen: 0,
      watch(bell) {
        return watch(this.since, bell) === 1;
      },
    };
  }

  /** How often `wake()` was called, modulo 2^32. */
  get wakes(): number {
    return Atomics.load(this.#memory.words, (this.#queue.address + layout.QUEUE_WAKES) / 4) >>> 0;
  }

  /** Makes every call come back that waits on this queue at the moment, in whichever thread, as if its time had run out. */
  wake(): void {
    Atomics.add(this.#memory.words, (this.#queue.address + layout.QUEUE_WAKES) / 4, 1);
    this.#core.queue_wake(this.#queue.address);
  }

  /** Ends the queue for all parties: nothing more can be queued, consumers drain what is left. Closing twice changes nothing. */
  close(): void {
    this.#core.queue_close(this.#queue.address);
  }

  /** Whether the queue was closed. There may be records left to take. */
  get closed(): boolean {
    return this.#core.queue_is_closed(this.#queue.address) === 1;
  }

  /** Records that are queued, or being written. Never more than the queue's `records`. As old as it is when it arrives. */
  get depth(): number {
    return this.#core.queue_depth(this.#queue.address) >>> 0;
  }

  /** Bytes that are queued in all bands, with what belongs to records besides their own bytes. */
  get bytesQueued(): number {
    return this.#core.queue_bytes_queued(this.#queue.address);
  }

  /** Records that were ever queued. */
  get written(): number {
    return this.#core.queue_written(this.#queue.address);
  }

  /** Records that were ever taken. */
  get taken(): number {
    return this.#core.queue_taken(this.#queue.address);
  }

  /** Records that were dropped: those that made room for others, and those for which none was made. */
  get dropped(): number {
    return this.#core.queue_dropped(this.#queue.address);
  }

  /**
   * Cleans up after a party whose thread has ended, which the caller must know for sure: what it had claimed and not
   * published is given up, and its turn as a consumer is over. A record that it had begun to copy is taken by another
   * consumer; one that it had taken is gone with it. Its number may be used again then. False, and nothing done, while
   * another consumer has the turn: try again.
   *
   * @throws {RangeError} If there is no such party.
   */
  unblock(party: number): boolean {
    checkParty(this.#queue, party, "unblock");
    return this.#core.queue_unblock(this.#queue.address, party) === codes.DONE;
  }

  #checkRecord(record: Uint8Array, band: Band): void {
    if (record instanceof Uint8Array && record.length <= this.maxRecordBytes && BANDS.includes(band)) return;
    const what = `Cannot ${this.#offering}`;
    if (!(record instanceof Uint8Array)) {
      throw new TypeError(`${what}: expected a Uint8Array, received ${describe(record)}`);
    }
    if (record.length > this.maxRecordBytes) {
      throw new RangeError(`${what}: a record has at most ${this.maxRecordBytes} bytes, received ${record.length}`);
    }
    throw new RangeError(`${what}: band must be 0, 1, 2 or 3, received ${Deno.inspect(band)}`);
  }

  /** Waits, after an attempt has found nothing. */
  #wait(
    waiter: Waiter<Wanted>,
    length: number,
    timeoutMs: number,
    action: string,
    options?: QueueWaitOptions,
  ): number {
    if (!this.#mayBlock) throw new TypeError(`Cannot ${action}: the main thread must not block, use the async method`);
    return waiter.block({ length, since: options?.since ?? this.wakes }, timeoutMs);
  }

  /** Passes on whether an attempt has succeeded, unless everybody was told to stop. */
  #isThere(offset: number): boolean {
    if (offset === codes.STOPPED) throw this.#stopReason();
    return offset >= 0;
  }

  /** Fills the room that was claimed at `offset`, if any, and publishes it. */
  #publish(offset: number, record: Uint8Array): boolean {
    if (!this.#isThere(offset)) return false;
    this.#memory.bytes.set(record, this.#data + offset);
    this.#core.queue_commit(this.#queue.address, this.#party);
    return true;
  }

  /** Copies the record that was found at `offset`, if any, and frees its room. */
  #consume(offset: number): Uint8Array<ArrayBuffer> | null {
    if (!this.#isThere(offset)) return null;
    const length = this.#memory.words[this.#found];
    const view = this.#view(length);
    this.#copy(view, this.#data + offset, length);
    this.#core.queue_free(this.#queue.address, this.#party);
    return view;
  }

  /** Copies bytes to a view of the scratch. Few of them are copied sooner than a view of them is made. */
  #copy(view: Uint8Array, start: number, length: number): void {
    if (length > FEW_BYTES) return view.set(this.#memory.bytes.subarray(start, start + length));
    const from = this.#memory.words;
    const to = this.#scratchWords;
    const first = start / 4;
    const count = (length + 3) >> 2;
    for (let index = 0; index < count; index++) to[index] = from[first + index];
  }

  #view(length: number): Uint8Array<ArrayBuffer> {
    if (length > SHORT_BYTES) return this.#long(length);
    return this.#views[length] ??= this.#short(length);
  }

  #short(length: number): Uint8Array<ArrayBuffer> {
    if (this.#scratch.length === 0) this.#reserve(SHORT_BYTES);
    return this.#scratch.subarray(0, length);
  }

  #reserve(bytes: number): void {
    this.#scratch = new Uint8Array(bytes);
    this.#scratchWords = new Int32Array(this.#scratch.buffer);
  }

  /** Memory for all records, of which the system gives only what is touched. */
  #long(length: number): Uint8Array<ArrayBuffer> {
    if (this.#scratch.length < this.maxRecordBytes) {
      this.#reserve(this.maxRecordBytes);
      this.#views = [];
    }
    return this.#scratch.subarray(0, length);
  }
}

const NO_BYTES = new Uint8Array();
const NO_WORDS = new Int32Array();
const NO_OPTIONS: AsyncQueueWaitOptions = {};
const BANDS: readonly Band[] = [0, 1, 2, 3];

function checkParty({ name, parties }: RecordQueueDescription, party: number, action: string): void {
  if (Number.isInteger(party) && party >= 0 && party < parties) return;
  const range = `party must be a whole number from 0 to ${parties - 1}`;
  throw new RangeError(`Cannot ${action} queue "${name}": ${range}, received ${Deno.inspect(party)}`);
}
