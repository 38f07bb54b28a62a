import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { codes } from "../../src/ring/core.generated.ts";
import { OWN_STOP, OwnStop, tellTask } from "../../src/ring/own_stop.ts";
import type { SharedMemory } from "../../src/ring/shared_memory.ts";
import {
  checkTimeout,
  WAIT_STRATEGIES,
  type Waitable,
  Waiter,
  type WaiterOptions,
  type WaitStrategy,
} from "../../src/ring/waiting.ts";

/** Something to wait for that is there at a certain attempt, and remembers how it was waited for. */
class Scripted implements Waitable {
  readonly words = new Int32Array(new SharedArrayBuffer(4));
  readonly waiters = 0;
  readonly parks: { readonly spins: number; readonly nanoseconds: number }[] = [];
  readonly lengths = new Set<number>();
  attempts = 0;
  ending: number = codes.TIMED_OUT;
  readonly #readyAt: number;
  readonly #code: number;

  constructor(readyAt: number, code: number = codes.DONE) {
    this.#readyAt = readyAt;
    this.#code = code;
  }

  attempt(length: number): number {
    this.lengths.add(length);
    return ++this.attempts >= this.#readyAt ? this.#code : codes.NOT_READY;
  }

  park(length: number, spins: number, nanoseconds: number): number {
    this.lengths.add(length);
    this.parks.push({ spins, nanoseconds });
    return this.ending;
  }

  prepare(length: number): number {
    this.lengths.add(length);
    Atomics.store(this.words, 0, 1);
    return 1;
  }

  get spins(): number[] {
    return this.parks.map(({ spins }) => spins);
  }
}

/** Waits by a strategy until the given attempt. */
function blockedUntil(readyAt: number, strategy: WaitStrategy, ending: number): Scripted {
  const target = new Scripted(readyAt);
  target.ending = ending;
  equal(new Waiter(target, strategy).block(1, Infinity), codes.DONE);
  return target;
}

Deno.test("WAIT_STRATEGIES names the three strategies", () => {
  deepEqual(WAIT_STRATEGIES, ["adaptive", "spin", "park"]);
});

Deno.test("checkTimeout() takes 0 to Infinity and refuses what is negative or NaN", () => {
  for (const timeoutMs of [0, 0.5, 1, Infinity]) checkTimeout(timeoutMs, "wait");
  for (const timeoutMs of [-1, -Number.MIN_VALUE, -Infinity, NaN]) {
    throws(() => checkTimeout(timeoutMs, 'read "x"'), {
      name: "RangeError",
      message: `Cannot read "x": timeoutMs must be a number of milliseconds, 0 or more, received ${timeoutMs}`,
    });
  }
});

Deno.test("checkTimeout() refuses what is no number with a TypeError", () => {
  for (const timeoutMs of [null, "5", [], {}, 5n]) {
    throws(() => checkTimeout(timeoutMs as unknown as number, "wait"), TypeError);
  }
});

for (const strategy of WAIT_STRATEGIES) {
  Deno.test(`Waiter.block() returns what the attempt ends with, waiting by "${strategy}"`, () => {
    for (const code of [codes.DONE, codes.CLOSED, codes.STOPPED, 128]) {
      const target = new Scripted(3, code);
      equal(new Waiter(target, strategy).block(7, Infinity), code);
      equal(target.attempts, 3);
      equal(target.parks.length, 3);
      deepEqual([...target.lengths], [7]);
    }
  });

  Deno.test(`Waiter.block() returns NOT_READY when the time is up, waiting by "${strategy}"`, () => {
    const target = new Scripted(Infinity);
    equal(new Waiter(target, strategy).block(1, 1), codes.NOT_READY);
    ok(target.attempts >= 1);
  });
}

Deno.test('Waiter.block() never parks by "spin", and never spins by "park"', () => {
  const spinning = blockedUntil(5, "spin", codes.TIMED_OUT);
  for (const { spins, nanoseconds } of spinning.parks) ok(spins > 0 && nanoseconds === 0);
  const parking = blockedUntil(5, "park", codes.WOKEN);
  for (const { spins, nanoseconds } of parking.parks) ok(spins === 0 && nanoseconds > 0);
});

/** How long "adaptive" spins, wait by wait, where they end like this. */
function spinsFor(endings: readonly number[], options?: WaiterOptions): number[] {
  const target = new Scripted(endings.length);
  const park = target.park.bind(target);
  target.park = (...wait) => {
    target.ending = endings[target.parks.length];
    return park(...wait);
  };
  equal(new Waiter(target, "adaptive", options).block(1, Infinity), codes.DONE);
  return target.spins;
}

Deno.test('Waiter.block() by "adaptive" spins less while that does not pay, and more again when it does', () => {
  const [first, ...rest] = spinsFor([...new Array(9).fill(codes.WOKEN), ...new Array(20).fill(codes.SPUN)]);
  if (navigator.hardwareConcurrency < 2) return equal(first, 0);
  const falling = [first, ...rest.slice(0, 9)];
  const rising = rest.slice(9);
  ok(falling.every((spins, n) => n === 0 || spins <= falling[n - 1]));
  ok(falling.at(-1)! < first && falling.at(-1)! > 0);
  ok(rising.every((spins, n) => n === 0 || spins >= rising[n - 1]));
  ok(rising.at(-1)! >= first && rising.at(-1) === rising.at(-2));
});

Deno.test('Waiter.block() by "adaptive" tries now and then whether spinning pays again', () => {
  const spins = spinsFor(new Array(100).fill(codes.TIMED_OUT));
  if (navigator.hardwareConcurrency < 2) return equal(Math.max(...spins), 0);
  const fewest = spins.indexOf(Math.min(...spins));
  ok(spins.slice(fewest).some((each) => each > spins[fewest]));
});

Deno.test("Waiter.block() parks for a second at most, so that a worker can be terminated", () => {
  for (const { nanoseconds } of blockedUntil(3, "park", codes.TIMED_OUT).parks) equal(nanoseconds, 1e9);
  const target = new Scripted(2);
  new Waiter(target, "park").block(1, 5000);
  equal(target.parks[0].nanoseconds, 1e9);
  const short = new Scripted(2);
  new Waiter(short, "park").block(1, 10);
  ok(short.parks[0].nanoseconds <= 10e6);
});

Deno.test("Waiter.promise() tries before it waits, and does not wait when the time is up", async () => {
  const ready = new Scripted(1);
  equal(await new Waiter(ready, "adaptive").promise(3, Infinity, (code) => code), codes.DONE);
  deepEqual([ready.attempts, ready.parks.length, ready.words[0]], [1, 0, 0]);
  const never = new Scripted(Infinity);
  equal(await new Waiter(never, "adaptive").promise(3, 0, (code) => code), codes.NOT_READY);
  equal(never.attempts, 1);
  equal(await new Waiter(never, "adaptive").promise(3, 1, (code) => code), codes.NOT_READY);
  ok(never.attempts >= 3);
});

Deno.test("Waiter.promise() tries again at once when the waiters word has changed already", async () => {
  class Changing extends Scripted {
    override prepare(): number {
      Atomics.store(this.words, 0, 2);
      return 1;
    }
  }
  const target = new Changing(4);
  equal(await new Waiter(target, "adaptive").promise(1, Infinity, (code) => code), codes.DONE);
  equal(target.attempts, 4);
});

Deno.test("Waiter.promise() tries again at once when there was something to try after the announcement", async () => {
  class Prepared extends Scripted {
    override prepare(): number {
      return 0;
    }
  }
  equal(await new Waiter(new Prepared(4), "adaptive").promise(1, Infinity, (code) => code), codes.DONE);
});

Deno.test('Waiter.block() by "adaptive" spins least where tasks outnumber cores', () => {
  const fewest = (oversubscribed: boolean) =>
    Math.min(...spinsFor(new Array(60).fill(codes.WOKEN), { oversubscribed }));
  if (navigator.hardwareConcurrency < 2) return equal(fewest(false), 0);
  ok(fewest(true) > 0 && fewest(true) < fewest(false));
});

for (const kind of ["drained", "abandoned"] as const) {
  Deno.test(`A promise hears that its task is ${kind}, also if it is told right before the wait is announced`, async () => {
    const memory = { words: new Int32Array(new SharedArrayBuffer(4)) } as unknown as SharedMemory;
    const target = new Scripted(Infinity);
    const prepare = target.prepare.bind(target);
    target.prepare = (length) => {
      // Another thread tells the task, and wakes whoever has announced itself by then.
      tellTask(memory, 0, OWN_STOP[kind]);
      return prepare(length);
    };
    const waiter = new Waiter(target, "park", { ownStop: new OwnStop(memory, 0) });
    equal(await waiter.promise(1, 10_000, (code) => code), codes.STOPPED);
  });
}
