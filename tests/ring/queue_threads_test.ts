/** Record queues over several threads: nothing is lost or doubled, and nobody sleeps through anything. */

import { deepEqual, equal, rejects } from "node:assert/strict";
import { StoppedError } from "../../src/errors.ts";
import { layout } from "../../src/ring/core.generated.ts";
import { makeQueue, type QueueFixture } from "./_queue.ts";
import { exchange } from "./_exchange.ts";
import { makeRecord, readRecord } from "./_queue_jobs.ts";
import { Peer, untilParked, watched } from "./_threads.ts";

const RECORDS = 20_000;

/** The address of the word on which consumers wait, and of that on which producers do. */
function waitersOf({ queue }: QueueFixture): { record: number; room: number } {
  return {
    record: queue.address + layout.QUEUE_RECORD_WAITERS,
    room: queue.address + layout.QUEUE_ROOM_WAITERS,
  };
}

for (
  const [offers, takes] of [
    [["offer"], ["take"]],
    [["offer", "offer", "offerAsync"], ["take"]],
    [["offer", "offerAsync"], ["take", "takeAsync"]],
  ] as const
) {
  for (const wait of ["adaptive", "park"] as const) {
    const title = `${offers.join(", ")} to ${takes.join(", ")}, which ${wait === "park" ? "park" : "spin and park"}`;
    Deno.test(`RecordQueue loses and doubles nothing from ${title}`, async () => {
      const fixture = makeQueue({ records: 7, bytes: 512, wait });
      const { takings, queue, all } = await exchange(fixture, RECORDS, offers, takes);
      deepEqual(takings, all);
      deepEqual([queue.depth, queue.bytesQueued, queue.dropped], [0, 0, 0]);
    });
  }
}

Deno.test("RecordQueue counts every record that offerDroppingOldest() drops beside a consumer", async () => {
  const fixture = makeQueue({ records: 5, bytes: 1024 });
  const offers = ["offerDroppingOldest", "offerDroppingOldest"] as const;
  const { takings, queue } = await exchange(fixture, RECORDS, offers, ["take"]);
  const taken = Object.values(takings).reduce((sum, { count }) => sum + count, 0);
  equal(taken, queue.taken);
  equal(taken + queue.dropped, 2 * RECORDS);
});

Deno.test("RecordQueue.take() waits for a record, and offer() for room", async () => {
  const fixture = makeQueue({ records: 1 });
  using peer = new Peer(fixture);
  const seat = fixture.seat();
  const queue = fixture.open();
  const taking = peer.run("callQueue", seat, "take", Infinity);
  await untilParked(fixture.memory, waitersOf(fixture).record);
  queue.offer(makeRecord(9, 1, 20), 2);
  deepEqual(readRecord(await taking as Uint8Array), { party: 9, number: 1 });
  queue.offer(makeRecord(9, 2, 20), 2);
  const offering = peer.run("callQueue", seat, "offer", makeRecord(9, 3, 8), 0, Infinity);
  await untilParked(fixture.memory, waitersOf(fixture).room);
  equal(readRecord(queue.take()!).number, 2);
  equal(await offering, true);
  equal(readRecord(queue.take()!).number, 3);
});

Deno.test("RecordQueue.takeAsync() and offerAsync() wait without blocking the thread", async () => {
  const fixture = makeQueue({ records: 1 });
  using peer = new Peer(fixture);
  const seat = fixture.seat();
  const queue = fixture.open({ mayBlock: false });
  const taking = queue.takeAsync();
  await peer.run("callQueue", seat, "offer", makeRecord(0, 1, 9), 3);
  equal(readRecord((await watched(taking))!).number, 1);
  equal(await queue.offerAsync(makeRecord(0, 2, 9), 3), true);
  const offering = queue.offerAsync(makeRecord(0, 3, 9), 3);
  equal(readRecord(await peer.run("callQueue", seat, "take", Infinity) as Uint8Array).number, 2);
  equal(await watched(offering), true);
});

Deno.test("RecordQueue.close() ends calls that wait", async () => {
  const fixture = makeQueue({ records: 1 });
  using taker = new Peer(fixture);
  const queue = fixture.open();
  const taking = taker.run("callQueue", fixture.seat(), "take", Infinity);
  await untilParked(fixture.memory, waitersOf(fixture).record);
  queue.close();
  equal(await taking, null);
  const other = makeQueue({ records: 1 });
  const full = other.open();
  full.offer(makeRecord(0, 0, 8), 0);
  using peer = new Peer(other);
  const offering = peer.run("callQueue", other.seat(), "offer", makeRecord(0, 1, 8), 0, Infinity);
  await untilParked(other.memory, waitersOf(other).room);
  full.close();
  equal(await offering, false);
});

Deno.test("RecordQueue.wake() brings back calls that wait, as if their time had run out", async () => {
  const fixture = makeQueue({ records: 1 });
  using taker = new Peer(fixture);
  const seat = fixture.seat();
  const queue = fixture.open();
  const taking = taker.run("callQueue", seat, "take", Infinity);
  await untilParked(fixture.memory, waitersOf(fixture).record);
  const own = queue.takeAsync();
  queue.wake();
  deepEqual(await Promise.all([taking, watched(own)]), [null, null]);
  queue.offer(makeRecord(0, 0, 8), 0);
  const offering = taker.run("callQueue", seat, "offer", makeRecord(0, 1, 8), 0, Infinity);
  await untilParked(fixture.memory, waitersOf(fixture).room);
  queue.wake();
  equal(await offering, false);
  equal(queue.depth, 1);
});

Deno.test("RecordQueue.wake() between a look at `wakes` and a call with it as `since` is not missed", async () => {
  const fixture = makeQueue();
  const queue = fixture.open();
  const since = queue.wakes;
  queue.wake();
  equal(queue.take(Infinity, { since }), null);
  equal(await watched(queue.takeAsync(Infinity, { since })), null);
  equal(queue.offer(makeRecord(0, 0, 8), 0, Infinity, { since }), true);
});

Deno.test("RecordQueue throws the StoppedError of a stop, also where it waits", async () => {
  const fixture = makeQueue({ records: 1 });
  using peer = new Peer(fixture);
  const queue = fixture.open();
  const taking = peer.run("callQueue", fixture.seat(), "take", Infinity);
  await untilParked(fixture.memory, waitersOf(fixture).record);
  const own = rejects(watched(queue.takeAsync()), StoppedError);
  fixture.memory.stop(fixture.waiters);
  await rejects(taking, { name: "StoppedError" });
  await own;
  for (const call of [() => queue.take(), () => queue.offer(makeRecord(0, 0, 8), 1)]) {
    await rejects(async () => await call(), StoppedError);
  }
});

Deno.test("RecordQueue.unblock() gives up what a dead producer had claimed", async () => {
  const fixture = makeQueue({ records: 2 });
  using peer = new Peer(fixture);
  const seat = fixture.seat();
  const queue = fixture.open();
  equal(await peer.run("claimAndDie", seat, 1, 40) >= 0, true);
  queue.offer(makeRecord(0, 5, 8), 1);
  const taking = queue.takeAsync();
  equal(queue.take(), null); // it stands behind what is being written
  equal(queue.unblock(seat.party), true);
  equal(readRecord((await watched(taking))!).number, 5);
  deepEqual([queue.depth, queue.bytesQueued, queue.written, queue.taken], [0, 0, 1, 1]);
});

Deno.test("RecordQueue.unblock() passes on what a dead consumer was about to take", async () => {
  const fixture = makeQueue();
  using peer = new Peer(fixture);
  const seat = fixture.seat();
  const other = fixture.seat();
  const queue = fixture.open();
  for (const number of [1, 2]) queue.offer(makeRecord(0, number, 8), 1);
  equal(await peer.run("lookAndDie", seat) >= 0, true);
  equal(queue.take(), null);
  equal(queue.unblock(other.party), false); // the dead one still has the turn
  const taking = queue.takeAsync();
  equal(queue.unblock(seat.party), true);
  equal(readRecord((await watched(taking))!).number, 1);
  equal(queue.unblock(other.party), true);
  equal(readRecord(queue.take()!).number, 2);
});

Deno.test("RecordQueue.takeAsync() rejects once its signal aborts, and takes nothing", async () => {
  const fixture = makeQueue();
  const queue = fixture.open();
  const controller = new AbortController();
  const reason = new Error("enough");
  const taking = queue.takeAsync(Infinity, { signal: controller.signal });
  controller.abort(reason);
  await rejects(watched(taking), reason);
  queue.offer(makeRecord(0, 1, 8), 1);
  await rejects(queue.takeAsync(Infinity, { signal: controller.signal }), reason);
  equal(readRecord((await queue.takeAsync())!).number, 1);
});

Deno.test("RecordQueue.offerAsync() rejects once its signal aborts, and queues nothing", async () => {
  const queue = makeQueue({ records: 1 }).open();
  queue.offer(makeRecord(0, 1, 8), 1);
  const controller = new AbortController();
  const offering = queue.offerAsync(makeRecord(0, 2, 8), 1, Infinity, { signal: controller.signal });
  controller.abort();
  await rejects(watched(offering), { name: "AbortError" });
  equal(readRecord(queue.take()!).number, 1);
  equal(queue.take(), null);
});

Deno.test("RecordQueue waits no longer than its timeout", async () => {
  const queue = makeQueue({ records: 1 }).open();
  equal(queue.take(5), null);
  equal(await watched(queue.takeAsync(5)), null);
  queue.offer(makeRecord(0, 1, 8), 1);
  equal(queue.offer(makeRecord(0, 2, 8), 1, 5), false);
  equal(await watched(queue.offerAsync(makeRecord(0, 2, 8), 3, 5)), false);
  equal(queue.depth, 1);
});

Deno.test("RecordQueue that must not block throws a TypeError only where it would", async () => {
  const queue = makeQueue({ records: 1 }).open({ mayBlock: false });
  await rejects(
    async () => await queue.take(5),
    /^TypeError: Cannot take from queue "orders": the main thread must not/,
  );
  equal(queue.offer(makeRecord(0, 1, 8), 1, 5), true);
  await rejects(async () => await queue.offer(makeRecord(0, 1, 8), 1, 5), /^TypeError: Cannot offer to queue "orders"/);
  equal(readRecord(queue.take(5)!).number, 1);
});
