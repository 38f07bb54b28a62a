/** A record queue and its handles against four lists. */

import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import type { Band } from "../../src/ring/queue_description.ts";
import type { RecordQueue } from "../../src/ring/record_queue.ts";
import { checkModel, type Operation, operation, STARTS } from "./_property.ts";
import { makeQueue } from "./_queue.ts";

interface Entry {
  readonly bytes: Uint8Array;
  /** What it takes of its band. */
  readonly advance: number;
}

/** What a queue is meant to be. */
class QueueModel {
  readonly bands: Entry[][] = [[], [], [], []];
  isClosed = false;
  written = 0;
  taken = 0;
  dropped = 0;
  readonly #records: number;
  readonly #bytes: number;
  readonly #tails: number[];

  constructor(records: number, bytes: number, start: bigint) {
    this.#records = records;
    this.#bytes = bytes;
    this.#tails = new Array(4).fill(Number(start % BigInt(bytes)));
  }

  get depth(): number {
    return this.bands.reduce((sum, band) => sum + band.length, 0);
  }

  used(band: number): number {
    return this.bands[band].reduce((sum, { advance }) => sum + advance, 0);
  }

  /** A record takes its bytes and 8 more, in steps of 8; and what is left of the band's end, if they do not fit before it. */
  #advance(band: Band, length: number): number {
    const left = this.#bytes - this.#tails[band] % this.#bytes;
    const padded = Math.ceil(length / 8) * 8;
    return 8 + padded <= left ? 8 + padded : left + padded;
  }

  #fits(band: Band, length: number): boolean {
    return this.used(band) + this.#advance(band, length) <= this.#bytes;
  }

  offer(bytes: Uint8Array, band: Band): boolean {
    if (this.isClosed || this.depth >= this.#records || !this.#fits(band, bytes.length)) return false;
    const advance = this.#advance(band, bytes.length);
    this.#tails[band] += advance;
    this.bands[band].push({ bytes, advance });
    this.written++;
    return true;
  }

  offerDroppingOldest(bytes: Uint8Array, band: Band): boolean {
    while (!this.isClosed && !this.offer(bytes, band)) {
      const candidates = this.#fits(band, bytes.length) ? this.bands.slice(0, band + 1) : [this.bands[band]];
      this.dropped++;
      if (candidates.find((entries) => entries.length > 0)?.shift() === undefined) return false;
    }
    return !this.isClosed;
  }

  take(): Uint8Array | null {
    const entry = this.bands.findLast((entries) => entries.length > 0)?.shift();
    if (entry) this.taken++;
    return entry?.bytes ?? null;
  }
}

/** The handles of two parties. */
interface Parties {
  readonly handles: readonly RecordQueue[];
  /** What the queue had counted when it was made. */
  readonly start: number;
}

/** A call that `how` makes: without waiting, or with a wait that is over at once, or by a promise. */
const HOW = fc.constantFrom("now", "soon", "async");
const PARTY = fc.constantFrom(0, 1);

function operationsOn(longest: number): Operation<QueueModel, Parties>[] {
  const band = fc.integer({ min: 0, max: 3 }) as fc.Arbitrary<Band>;
  const bytes = fc.uint8Array({ maxLength: longest, size: "max" });
  return [
    operation("offer", fc.tuple(PARTY, bytes, band, HOW), async (model, { handles }, [party, bytes, band, how]) => {
      const queue = handles[party];
      const timeoutMs = how === "now" ? 0 : 0.01;
      const isQueued = how === "async" ? await queue.offerAsync(bytes, band, 0) : queue.offer(bytes, band, timeoutMs);
      equal(isQueued, model.offer(bytes, band));
    }),
    operation("take", fc.tuple(PARTY, HOW), async (model, { handles }, [party, how]) => {
      const queue = handles[party];
      const found = how === "async" ? await queue.takeAsync(0) : queue.take(how === "now" ? 0 : 0.01);
      deepEqual(found, model.take());
    }),
    operation("offerDroppingOldest", fc.tuple(PARTY, bytes, band), (model, { handles }, [party, bytes, band]) => {
      equal(handles[party].offerDroppingOldest(bytes, band), model.offerDroppingOldest(bytes, band));
    }),
    operation("unblock", PARTY, (_, { handles }, party) => {
      // Of a party that is in the midst of nothing: it changes nothing.
      equal(handles[party].unblock(party), true);
    }),
    operation("wake", PARTY, (_, { handles }, party) => handles[party].wake()),
    operation("close", fc.nat(30), (model, { handles }, dice) => {
      if (dice > 0) return;
      handles[0].close();
      model.isClosed = true;
    }),
  ];
}

function compare(model: QueueModel, { handles, start }: Parties): void {
  for (const queue of handles) {
    equal(queue.depth, model.depth);
    equal(queue.bytesQueued, [0, 1, 2, 3].reduce((sum, band) => sum + model.used(band), 0));
    equal(queue.closed, model.isClosed);
    equal(queue.written - start, model.written);
    equal(queue.taken - start, model.taken);
    equal(queue.dropped, model.dropped);
  }
}

for (const bytes of [64, 256]) {
  Deno.test(`RecordQueue of ${bytes} bytes in each band is four lists`, async () => {
    const settings = fc.record({
      records: fc.integer({ min: 1, max: 6 }),
      start: STARTS.map((at) => at % 2n ** 55n / 8n * 8n),
    });
    await checkModel(
      settings,
      ({ records, start }) => {
        const fixture = makeQueue({ records, bytes, parties: 2, start });
        const handles = [fixture.open(), fixture.open()];
        return { model: new QueueModel(records, bytes, start), real: { handles, start: Number(start / 8n) } };
      },
      operationsOn(bytes / 2),
      compare,
      100,
    );
  });
}
