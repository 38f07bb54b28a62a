/** Record queues for minutes: random ones, one after the other, in which every record is checked. */

import { deepEqual } from "node:assert/strict";
import type { Band } from "../../src/ring/queue_description.ts";
import { exchange } from "../ring/_exchange.ts";
import { Random } from "../ring/_helpers.ts";
import { makeQueue, type QueueFixture } from "../ring/_queue.ts";
import { Peer } from "../ring/_threads.ts";

export interface QueueSoakOptions {
  seed: number;
  /** Records that must have been taken before it ends. */
  records: number;
  /** Minutes after which it ends in any case. */
  minutes: number;
  /** Records of one queue. */
  perQueue: number;
  /** Told after each queue. */
  progress?: (report: QueueSoakReport) => void;
}

/** What has come of it so far. */
export interface QueueSoakReport {
  records: number;
  queues: number;
  /** Threads that died between claim and commit, or in their turn. */
  deaths: number;
  seconds: number;
}

/** A party that dies with a claim or with the turn, and is cleaned up after a moment later. */
async function dieAndUnblock(fixture: QueueFixture, random: Random): Promise<void> {
  const seat = fixture.seat();
  const queue = fixture.open();
  using peer = new Peer(fixture);
  const isConsumer = random.below(2) === 0;
  if (isConsumer) await peer.run("lookAndDie", seat);
  else await peer.run("claimAndDie", seat, random.below(4) as Band, random.below(queue.maxRecordBytes));
  await new Promise((resolve) => setTimeout(resolve, random.below(20)));
  while (!queue.unblock(seat.party)) await new Promise((resolve) => setTimeout(resolve, 0));
}

async function soakOne(random: Random, perQueue: number): Promise<number> {
  const producers = 1 + random.below(4);
  const consumers = 1 + random.below(3);
  const fixture = makeQueue({
    records: 1 + random.below(64),
    bytes: 2 ** (8 + random.below(8)),
    parties: producers + consumers + 3,
    wait: random.pick(["adaptive", "park"] as const),
    start: BigInt(random.below(2)) * (2n ** 32n - 4096n),
  });
  const offers = Array.from({ length: producers }, () => random.pick(["offer", "offer", "offerAsync"] as const));
  const takes = Array.from({ length: consumers }, () => random.pick(["take", "take", "takeAsync"] as const));
  const records = Math.ceil(perQueue / producers);
  const { takings, all, queue } = await exchange(fixture, records, offers, takes, () => dieAndUnblock(fixture, random));
  deepEqual(takings, all);
  deepEqual([queue.depth, queue.bytesQueued, queue.dropped, queue.take()], [0, 0, 0, null]);
  return records * producers;
}

/**
 * Soaks record queues.
 *
 * @throws {Error} If a record was lost, doubled, torn or out of order.
 */
export async function soakQueues(options: QueueSoakOptions): Promise<QueueSoakReport> {
  const began = performance.now();
  const random = new Random(options.seed);
  const report: QueueSoakReport = { records: 0, queues: 0, deaths: 0, seconds: 0 };
  while (report.records < options.records && report.seconds < options.minutes * 60) {
    report.records += await soakOne(random, options.perQueue);
    report.queues++;
    report.deaths++;
    report.seconds = (performance.now() - began) / 1000;
    options.progress?.(report);
  }
  return report;
}
