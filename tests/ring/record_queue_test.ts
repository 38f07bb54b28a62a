import { deepEqual, equal, throws } from "node:assert/strict";
import type { Band } from "../../src/ring/queue_description.ts";
import type { RecordQueue } from "../../src/ring/record_queue.ts";
import { makeQueue } from "./_queue.ts";

/** A record of one number. */
function record(number: number, length = 1): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(number);
}

/** The numbers of the records that are left. */
function drain(queue: RecordQueue): number[] {
  const numbers: number[] = [];
  for (let found = queue.take(); found; found = queue.take()) numbers.push(found[0]);
  return numbers;
}

Deno.test("RecordQueue.take() returns what offer() has queued, oldest first", () => {
  const fixture = makeQueue();
  const producer = fixture.open();
  const consumer = fixture.open();
  equal(consumer.take(), null);
  equal(producer.offer(Uint8Array.of(1, 2, 3), 1), true);
  equal(producer.offer(new Uint8Array(0), 1), true);
  equal(producer.offer(Uint8Array.of(4), 1), true);
  deepEqual([...consumer.take()!], [1, 2, 3]);
  deepEqual([...consumer.take()!], []);
  deepEqual([...consumer.take()!], [4]);
  equal(consumer.take(), null);
});

Deno.test("RecordQueue.takeAsync() resolves to a record that later calls leave alone", async () => {
  const queue = makeQueue().open();
  for (const number of [1, 2, 3]) queue.offer(record(number), 1);
  const first = queue.takeAsync();
  const second = queue.takeAsync();
  equal(queue.take()![0], 3);
  deepEqual([(await first)![0], (await second)![0]], [1, 2]);
});

Deno.test("RecordQueue.take() returns the oldest record of the highest band", () => {
  const fixture = makeQueue({ records: 8 });
  const queue = fixture.open();
  const bands: Band[] = [1, 0, 3, 2, 3, 1];
  for (const [index, band] of bands.entries()) equal(queue.offer(record(index), band), true);
  deepEqual(drain(queue), [2, 4, 3, 0, 5, 1]);
});

Deno.test("RecordQueue.offer() returns false once so many records are queued, whatever their bands", () => {
  const fixture = makeQueue({ records: 3 });
  const queue = fixture.open();
  for (const band of [0, 1, 3] as const) equal(queue.offer(record(band), band), true);
  for (const band of [0, 1, 2, 3] as const) equal(queue.offer(record(9), band), false);
  equal(queue.depth, 3);
  queue.take();
  equal(queue.offer(record(2), 2), true);
  equal(queue.offer(record(9), 2), false);
  deepEqual(drain(queue), [2, 1, 0]);
});

Deno.test("RecordQueue.offer() returns false where the bytes of its band do not suffice, and only its band", () => {
  const fixture = makeQueue({ records: 100, bytes: 64 });
  const queue = fixture.open();
  equal(queue.maxRecordBytes, 32);
  equal(queue.offer(record(1, 32), 2), true);
  equal(queue.offer(record(2, 17), 2), false);
  equal(queue.offer(record(2, 16), 2), true);
  equal(queue.offer(record(3, 0), 2), false);
  equal(queue.offer(record(4, 32), 1), true);
  equal(queue.bytesQueued, 64 + 40);
  deepEqual(drain(queue), [1, 2, 4]);
  equal(queue.bytesQueued, 0);
});

Deno.test("RecordQueue keeps records of every length whole at every place of the wrap", () => {
  for (const start of [0n, 2n ** 31n - 8n, 2n ** 32n - 64n, 2n ** 52n]) {
    const fixture = makeQueue({ bytes: 64, start });
    const producer = fixture.open();
    const consumer = fixture.open();
    for (let round = 0; round < 400; round++) {
      const sent = Uint8Array.from({ length: round * 7 % 33 }, (_, index) => round + index);
      equal(producer.offer(sent, 2), true, `${round}`);
      deepEqual(consumer.take(), sent);
    }
    equal(producer.depth, 0);
  }
});

Deno.test("RecordQueue.offerDroppingOldest() drops the oldest of the lowest band up to its own", () => {
  const queue = makeQueue({ records: 3 }).open();
  for (const [number, band] of [[1, 1], [2, 0], [3, 2]] as const) queue.offer(record(number), band);
  equal(queue.offerDroppingOldest(record(4), 1), true);
  equal(queue.dropped, 1);
  equal(queue.offerDroppingOldest(record(5), 1), true);
  deepEqual(drain(queue), [3, 4, 5]);
  equal(queue.dropped, 2);
});

Deno.test("RecordQueue.offerDroppingOldest() drops the record itself where everything queued outranks it", () => {
  const queue = makeQueue({ records: 2 }).open();
  for (const number of [1, 2]) queue.offer(record(number), 3);
  equal(queue.offerDroppingOldest(record(3), 2), false);
  equal(queue.dropped, 1);
  deepEqual(drain(queue), [1, 2]);
});

Deno.test("RecordQueue.offerDroppingOldest() drops as many records of its own band as its bytes need", () => {
  const queue = makeQueue({ records: 100, bytes: 128 }).open();
  queue.offer(record(9), 0);
  for (let number = 1; number <= 8; number++) equal(queue.offer(record(number, 8), 1), true);
  equal(queue.offerDroppingOldest(record(20, 33), 1), true);
  equal(queue.dropped, 3);
  deepEqual(drain(queue), [4, 5, 6, 7, 8, 20, 9]);
});

Deno.test("RecordQueue.close() ends the queue once it is drained", () => {
  const queue = makeQueue().open();
  queue.offer(record(1), 1);
  equal(queue.closed, false);
  queue.close();
  queue.close();
  equal(queue.closed, true);
  equal(queue.offer(record(2), 1, Infinity), false);
  equal(queue.offerDroppingOldest(record(2), 1), false);
  deepEqual([...queue.take(Infinity)!], [1]);
  equal(queue.take(Infinity), null);
  equal(queue.dropped, 0);
});

Deno.test("RecordQueue counts what was written, taken and dropped", () => {
  const queue = makeQueue({ records: 2, start: 2n ** 32n }).open();
  const before = queue.written;
  for (let number = 0; number < 5; number++) queue.offerDroppingOldest(record(number), 1);
  deepEqual(drain(queue), [3, 4]);
  deepEqual([queue.written - before, queue.taken - before, queue.dropped, queue.depth], [5, 2, 3, 0]);
});

Deno.test("RecordQueue.take() returns a view that later calls leave alone until one takes", () => {
  const queue = makeQueue().open();
  queue.offer(record(1), 1);
  const view = queue.take()!;
  queue.offer(record(2), 1);
  queue.offerDroppingOldest(record(3), 1);
  equal(view[0], 1);
  equal(view.buffer instanceof SharedArrayBuffer, false);
});

Deno.test("RecordQueue.offer() refuses what is no record, is too long or of no band", () => {
  const queue = makeQueue().open();
  const notBytes = [1] as unknown as Uint8Array;
  throws(() => queue.offer(notBytes, 1), /^TypeError: Cannot offer to queue "orders": expected a Uint8Array, received/);
  throws(() => queue.offer(record(1, 129), 1), /^RangeError: .*a record has at most 128 bytes, received 129$/);
  throws(() => queue.offer(record(1), 4 as Band), /^RangeError: .*band must be 0, 1, 2 or 3, received 4$/);
  throws(
    () => queue.offer(record(1), 1, -1),
    /^RangeError: .*timeoutMs must be a number of milliseconds, 0 or more, received -1$/,
  );
  equal(queue.depth, 0);
});
