import { deepEqual, equal, ok } from "node:assert/strict";
import { KERNEL_BYTES, KernelRecord } from "../../src/ring/kernel_record.ts";
import { within } from "../../src/ring/within.ts";
import { Arena, SharedMemory } from "../../src/ring/shared_memory.ts";

/** Two handles on one record: the worker's and another thread's. */
function records(): [KernelRecord, KernelRecord] {
  const arena = new Arena(), address = arena.reserve(KERNEL_BYTES), memory = SharedMemory.create(arena);
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

Deno.test("KernelRecord.stop() reaches workers up to a number, or all", async () => {
  const [own, other] = records();
  const first = own.whenStopped(1), third = own.whenStopped(3);
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

Deno.test("KernelRecord.whenChanged() resolves when the state is another one, workers must stop, or the time is up", async () => {
  const [own, other] = records();
  const timer = setInterval(() => {}, 1000);
  for (const change of [() => other.state = 2, () => other.stop(1), () => other.stop(1)]) {
    const { changes } = own, changed = own.whenChanged(changes, Infinity);
    change();
    await changed;
    await own.whenChanged(changes, Infinity);
  }
  equal(own.state, 2);
  await own.whenChanged(own.changes, 5);
  clearInterval(timer);
});

/** Does something just before the operation on shared memory of a number, 0 for the first, while `run` runs. */
function interrupt<Result>(number: number, act: () => void, run: () => Result): Result {
  const { load, waitAsync } = Atomics;
  let left = number;
  const before = <Args extends unknown[], Value>(operation: (...args: Args) => Value) => (...args: Args): Value => {
    if (left-- === 0) act();
    return operation(...args);
  };
  Atomics.load = before(load) as typeof load;
  Atomics.waitAsync = before(waitAsync) as typeof waitAsync;
  try {
    return run();
  } finally {
    Object.assign(Atomics, { load, waitAsync });
  }
}

Deno.test("KernelRecord misses no stop, whenever it comes", async () => {
  for (let number = 0; number < 8; number++) {
    const [own, other] = records();
    const waited = interrupt(number, () => other.stop(), () => {
      const stopped = own.whenStopped(1), { changes } = own;
      return Promise.all([stopped, own.mustStop(1) || own.whenChanged(changes, Infinity)]);
    });
    if (!own.mustStop(1)) other.stop();
    ok(await within(waited, 10_000), `not when it comes before operation ${number}`);
  }
});
