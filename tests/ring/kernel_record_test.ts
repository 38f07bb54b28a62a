import { deepEqual, equal, ok } from "node:assert/strict";
import { KERNEL_BYTES, KernelRecord } from "../../src/ring/kernel_record.ts";
import { within } from "../../src/ring/within.ts";
import { Arena, SharedMemory } from "../../src/ring/shared_memory.ts";

/** Two handles on one record: the worker's and another thread's. */
function records(): [KernelRecord, KernelRecord] {
  const arena = new Arena();
  const address = arena.reserve(KERNEL_BYTES);
  const memory = SharedMemory.create(arena);
  return [new KernelRecord(memory, address), new KernelRecord(new SharedMemory(memory.handle), address)];
}

Deno.test("SpanRecord.figures of nothing are 0", () => {
  const [, other] = records();
  deepEqual(other.latency.figures, { count: 0, min: 0, mean: 0, max: 0, p50: 0, p99: 0 });
});

Deno.test("SpanRecord.figures know the median and the 99th percentile to one part in 16", () => {
  for (const unit of [0.0001, 0.001, 0.1, 1, 100]) {
    const [own, other] = records();
    for (let count = 1; count <= 1000; count++) own.processing.note(count * unit);
    const { count, min, mean, max, p50, p99 } = other.processing.figures;
    deepEqual([count, min, max], [1000, unit, 1000 * unit]);
    ok(Math.abs(mean / unit - 500.5) < 1e-6);
    for (const [found, exact] of [[p50, 500], [p99, 990]]) {
      ok(Math.abs(found / unit / exact - 1) < 1 / 16, `${found} instead of ${exact * unit}`);
    }
    equal(other.latency.figures.count, 0);
  }
});

Deno.test("SpanRecord.note() takes spans that are too short, too long, or negative", () => {
  const [own] = records();
  for (const span of [0, -1, 1e-9, 1e9]) own.latency.note(span);
  const { count, min, max, p50, p99 } = own.latency.figures;
  deepEqual([count, min, max], [4, 0, 1e9]);
  ok(p50 < 0.001 && p99 > 100_000);
});

Deno.test("SpanRecord.reset() by another thread forgets what was noted, at once and for the next spans", () => {
  const [own, other] = records();
  for (const span of [5, 500]) own.latency.note(span);
  own.processing.note(7);
  other.latency.reset();
  for (const { latency, processing } of [own, other]) {
    deepEqual([latency.figures.count, latency.figures.max, processing.figures.count], [0, 0, 1]);
  }
  own.latency.note(1);
  const { count, min, mean, max, p50, p99 } = other.latency.figures;
  deepEqual([count, min, mean, max, p50, p99], [1, 1, 1, 1, 1, 1]);
});

Deno.test("KernelRecord.stop() reaches workers up to a number, or all", async () => {
  const [own, other] = records();
  const first = own.whenStopped(1);
  const third = own.whenStopped(3);
  // The test must not end before.
  const timer = setInterval(() => {}, 1000);
  other.stop(1);
  await first;
  deepEqual([own.mustStop(1), own.mustStop(2)], [true, false]);
  other.stop();
  await third;
  equal(own.mustStop(1000), true);
  clearInterval(timer);
});

Deno.test("KernelRecord.whenStateIs() resolves in that state, when the worker must stop, or when the time is up", async () => {
  const [own, other] = records();
  const active = own.whenStateIs([2], 1, Infinity);
  other.state = 1;
  other.state = 2;
  ok(await within(active, 10_000));
  equal(own.state, 2);
  await own.whenStateIs([2], 1, Infinity);
  ok(await within(own.whenStateIs([3], 1, 5), 10_000));
  const first = own.whenStateIs([3], 1, Infinity);
  const second = own.whenStateIs([3], 2, Infinity);
  other.stop(1);
  ok(await within(first, 10_000));
  ok(!await within(second, 5));
  other.stop();
  ok(await within(second, 10_000));
});

/** Does something just before the operation on shared memory of a number, 0 for the first, while `run` runs. */
function interrupt<Result>(number: number, act: () => void, run: () => Result): Result {
  const { load, store, notify, waitAsync } = Atomics;
  let left = number;
  const before = <Args extends unknown[], Value>(operation: (...args: Args) => Value) => (...args: Args): Value => {
    if (left-- === 0) act();
    return operation(...args);
  };
  Atomics.load = before(load) as typeof load;
  Atomics.store = before(store) as typeof store;
  Atomics.notify = before(notify) as typeof notify;
  Atomics.waitAsync = before(waitAsync) as typeof waitAsync;
  try {
    return run();
  } finally {
    Object.assign(Atomics, { load, store, notify, waitAsync });
  }
}

/** Waits for an end in both ways, of the first worker. */
function waitForStop(record: KernelRecord): Promise<unknown> {
  return Promise.all([record.whenStopped(1), record.whenStateIs([2], 1, Infinity)]);
}

Deno.test("KernelRecord misses no stop, whenever it comes", async () => {
  for (let number = 0; number < 10; number++) {
    const [own, other] = records();
    const waited = interrupt(number, () => other.stop(), () => waitForStop(own));
    if (!own.mustStop(1)) other.stop();
    ok(await within(waited, 10_000), `not when it comes before operation ${number}`);
  }
});

Deno.test("KernelRecord.stop() is missed by nobody who begins to wait meanwhile", async () => {
  for (let number = 0; number < 10; number++) {
    const [own, other] = records();
    let waited: Promise<unknown> | undefined;
    interrupt(number, () => waited = waitForStop(own), () => other.stop());
    ok(await within(waited ?? waitForStop(own), 10_000), `not by who begins before operation ${number}`);
  }
});
