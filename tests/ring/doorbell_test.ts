import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { SelectFixture } from "./_select.ts";
import { SOURCE } from "../../src/ring/source.ts";
import { StoppedError } from "../../src/errors.ts";
import { watched } from "./_threads.ts";

const record = Uint8Array.of(1);

Deno.test("Doorbell.block() returns the index of what is ready, the one chosen longest ago first", () => {
  const fixture = new SelectFixture({ streams: 3 });
  const { doorbell } = fixture.options();
  const sources = [0, 1, 2].map((stream) => fixture.reader(stream)[SOURCE]);
  const writers = [0, 1, 2].map((stream) => fixture.writer(stream));
  equal(doorbell.block(sources, 0), -1);
  equal(doorbell.block(sources, 5), -1);
  for (const index of [0, 2]) writers[index].write(Uint32Array.of(1));
  deepEqual([0, 0, 0, 0].map(() => doorbell.block(sources, Infinity)), [0, 2, 0, 2]);
  writers[1].write(Uint32Array.of(1));
  deepEqual([0, 0, 0, 0].map(() => doorbell.block(sources, Infinity)), [1, 0, 2, 1]);
});

Deno.test("Doorbell.wait() serves several waits of one thread at a time, each for what it waits for", async () => {
  const fixture = new SelectFixture();
  const { doorbell } = fixture.options();
  const queue = fixture.party();
  const producer = fixture.party();
  const writer = fixture.writer(0);
  const reader = fixture.reader(0);
  const first = doorbell.wait([queue.records(), reader[SOURCE]], Infinity);
  const second = doorbell.wait([fixture.reader(1)[SOURCE], reader[SOURCE]], Infinity);
  const third = doorbell.wait([fixture.event(0, 0, false)[SOURCE]], 20);
  producer.offer(record, 1);
  equal(await watched(first), 0);
  equal(await watched(third), -1);
  writer.write(Uint32Array.of(1));
  equal(await watched(second), 1);
});

Deno.test("RecordQueue.records() is ready for a record, a wake and the end", async () => {
  const fixture = new SelectFixture();
  const { doorbell } = fixture.options();
  const consumer = fixture.party();
  const producer = fixture.party();
  const records = consumer.records();
  const wait = () => watched(doorbell.wait([records, fixture.reader(0)[SOURCE]], Infinity));
  const forRecord = wait();
  producer.offer(record, 1);
  equal(await forRecord, 0);
  equal(consumer.take()!.length, 1);

  const forWake = wait();
  producer.wake();
  equal(await forWake, 0);
  equal(doorbell.block([records], 0), 0, "until `since` is set again");
  records.since = consumer.wakes;
  equal(doorbell.block([records], 0), -1);

  const forEnd = wait();
  producer.close();
  equal(await forEnd, 0);
});

Deno.test("RecordQueue.room() is ready for room and the end", async () => {
  const fixture = new SelectFixture();
  const { doorbell } = fixture.options();
  const producer = fixture.party();
  const consumer = fixture.party();
  const room = producer.room(1, 1);
  equal(doorbell.block([room], 0), 0);
  for (let count = 0; count < 2; count++) producer.offer(record, 1);
  const forRoom = doorbell.wait([room], Infinity);
  consumer.take();
  equal(await watched(forRoom), 0);
  producer.offer(record, 1);
  const forEnd = doorbell.wait([room], Infinity);
  consumer.close();
  equal(await watched(forEnd), 0);
});

Deno.test("Doorbell.wait() rejects with the reason of its signal, and takes nothing", async () => {
  const fixture = new SelectFixture();
  const { doorbell } = fixture.options();
  const consumer = fixture.party();
  const producer = fixture.party();
  const records = consumer.records();
  const controller = new AbortController();
  const reason = new Error("enough");
  const aborted = doorbell.wait([records], Infinity, controller.signal);
  const other = doorbell.wait([records], Infinity);
  controller.abort(reason);
  await rejects(watched(aborted), reason);
  await rejects(doorbell.wait([records], Infinity, controller.signal), reason);
  producer.offer(record, 1);
  equal(await watched(other), 0);
  equal(consumer.take()!.length, 1);
});

Deno.test("Doorbell.block() and wait() throw once everybody is told to stop", async () => {
  const fixture = new SelectFixture();
  const { doorbell } = fixture.options();
  const sources = [fixture.reader(0)[SOURCE], fixture.party().records()];
  const waiting = doorbell.wait(sources, Infinity);
  fixture.memory.stop(fixture.waiters);
  await rejects(watched(waiting), StoppedError);
  throws(() => doorbell.block(sources, Infinity), StoppedError);
  await rejects(doorbell.wait(sources, 0), StoppedError);
});

Deno.test("Doorbell.wait() gives the event loop a turn, though something is ready each time", async () => {
  const fixture = new SelectFixture();
  const { doorbell } = fixture.options();
  fixture.writer(0).write(Uint32Array.of(1));
  const sources = [fixture.reader(0)[SOURCE]];
  let isDone = false;
  setTimeout(() => isDone = true, 1);
  const busy = async () => {
    while (!isDone) equal(await doorbell.wait(sources, Infinity), 0);
  };
  await watched(busy());
});
