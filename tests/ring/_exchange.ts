/** Producers and consumers of one queue, each in a thread of its own, to the end of all records. */

import type { RecordQueue } from "../../src/ring/record_queue.ts";
import type { QueueFixture } from "./_queue.ts";
import type { OfferMethod, Takings } from "./_queue_jobs.ts";
import { Peer, together } from "./_threads.ts";

/** How a record is taken. */
export type TakeMethod = "take" | "takeAsync";

/** What has come of an exchange. */
export interface Exchange {
  /** What consumers have taken of each producer. */
  readonly takings: Takings;
  /** What that is if nothing is lost or doubled. */
  readonly all: Takings;
  /** The queue, closed and drained. */
  readonly queue: RecordQueue;
}

/** The takings of several consumers together. */
function sumUp(all: readonly Takings[]): Takings {
  const sums: Takings = {};
  for (const [party, { count, sum }] of all.flatMap((takings) => Object.entries(takings))) {
    const own = sums[Number(party)] ??= { count: 0, sum: 0 };
    own.count += count;
    own.sum += sum;
  }
  return sums;
}

/** Lets each producer offer so many records, and the consumers take them all. `meanwhile` goes on beside that. */
export async function exchange(
  fixture: QueueFixture,
  records: number,
  offers: readonly OfferMethod[],
  takes: readonly TakeMethod[],
  meanwhile: () => Promise<void> = async () => {},
): Promise<Exchange> {
  using peers = new DisposableStack();
  const peer = () => peers.use(new Peer(fixture));
  const seats = offers.map(() => fixture.seat());
  const consuming = takes.map((method) => peer().run("consume", fixture.seat(), method));
  const producing = offers.map((method, index) => peer().run("produce", seats[index], records, method));
  await together(fixture, [meanwhile(), ...producing.map((each) => each.then(() => {}))]);
  const queue = fixture.open();
  queue.close();
  const takings = sumUp(await together(fixture, consuming));
  const one = { count: records, sum: records * (records - 1) / 2 };
  return { takings, all: Object.fromEntries(seats.map(({ party }) => [party, one])), queue };
}
