import { deepEqual, equal } from "node:assert/strict";
import { RefreshPacer } from "../../src/ring/refresh_pacer.ts";
import { makeStream } from "./_helpers.ts";
import type { RefreshSettings } from "../../src/ring/description.ts";

/** Runs `body` with a clock that stands still until it is moved. */
function withClock(body: (advance: (ms: number) => void) => void): void {
  const { now } = performance;
  let time = 1000;
  performance.now = () => time;
  try {
    body((ms) => time += ms);
  } finally {
    performance.now = now;
  }
}

/** What a pacer plans, refresh by refresh, for a writer that takes so long per write. */
function plans(settings: RefreshSettings, msPerWrite: number, refreshes: number): number[] {
  const found: number[] = [];
  withClock((advance) => {
    const pacer = new RefreshPacer(settings);
    for (let refresh = 0; refresh < refreshes; refresh++) advance(msPerWrite * (found[refresh] = pacer.next()));
  });
  return found;
}

/** How often a writer looks at its readers during `writes` writes that take so long each. */
function scans(refresh: RefreshSettings, writes: number, msPerWrite: number): number {
  let found = 0;
  withClock((advance) => {
    const stream = makeStream({ dtype: "uint8", frames: writes, refresh });
    const writer = stream.writer();
    const frame = new Uint8Array(4);
    const before = writer.ring.scans;
    for (let write = 0; write < writes; write++) {
      advance(msPerWrite);
      equal(writer.write(frame), true);
    }
    found = writer.ring.scans - before;
  });
  return found;
}

Deno.test("RefreshPacer.next() doubles the writes up to the interval", () => {
  deepEqual(plans({ interval: 64, ms: Infinity }, 0, 8), [2, 4, 8, 16, 32, 64, 64, 64]);
  deepEqual(plans({ interval: 5, ms: Infinity }, 0, 4), [2, 4, 5, 5]);
  deepEqual(plans({ interval: 1, ms: Infinity }, 0, 3), [1, 1, 1]);
});

Deno.test("RefreshPacer.next() plans no more writes than are done within the milliseconds", () => {
  deepEqual(plans({ interval: 1000, ms: 10 }, 1, 6), [2, 4, 8, 10, 10, 10]);
  deepEqual(plans({ interval: 8, ms: 10 }, 1, 4), [2, 4, 8, 8]);
});

Deno.test("RefreshPacer.next() plans one write when a write takes longer than the milliseconds", () => {
  deepEqual(plans({ interval: 64, ms: 5 }, 50, 4), [2, 1, 1, 1]);
  deepEqual(plans({ interval: 64, ms: 0 }, 0.001, 4), [2, 1, 1, 1]);
});

Deno.test("RefreshPacer.next() follows the interval alone when the milliseconds are Infinity", () => {
  deepEqual(plans({ interval: 4, ms: Infinity }, 1e9, 4), [2, 4, 4, 4]);
});

Deno.test("RefreshPacer.next() stays within 1 and the interval whatever the pace does", () => {
  withClock((advance) => {
    const pacer = new RefreshPacer({ interval: 2 ** 32 - 1, ms: 5 });
    for (const pause of [0, 1e6, 0, 0.001, 3, 0, 1e-9, 1e12, ...new Array(40).fill(0)]) {
      const writes = pacer.next();
      equal(Number.isInteger(writes) && writes >= 1 && writes <= 2 ** 32 - 1, true, `${writes}`);
      advance(pause);
    }
  });
});

Deno.test("RingWriter.scans counts one look for each interval of writes", () => {
  equal(scans({ interval: 1, ms: Infinity }, 640, 0), 640);
  // After 2, 6, 14, 30, 62, 126, 190, … writes.
  equal(scans({ interval: 64, ms: Infinity }, 640, 0), 5 + Math.floor((640 - 62) / 64));
  equal(scans({ interval: 2 ** 32 - 1, ms: Infinity }, 640, 0), 8);
});

Deno.test("RingWriter.scans grows with the time of a slow writer, by the milliseconds", () => {
  const slow = scans({ interval: 2 ** 32 - 1, ms: 5 }, 100, 5);
  equal(slow >= 98, true, `${slow}`);
  const faster = scans({ interval: 2 ** 32 - 1, ms: 5 }, 100, 1);
  equal(faster >= 100 / 5 && faster < 100 / 3, true, `${faster}`);
});

Deno.test("RingWriter.scans does not depend on the time when the milliseconds are Infinity", () => {
  const settings = { interval: 2 ** 32 - 1, ms: Infinity };
  equal(scans(settings, 100, 1e6), scans(settings, 100, 0));
});

Deno.test("RingWriter.scans grows when the ring looks full, whatever the refresh", () => {
  const refresh = { interval: 2 ** 32 - 1, ms: Infinity };
  const writer = makeStream({ dtype: "uint8", frames: 1, refresh }).writer();
  writer.write(new Uint8Array(4));
  const before = writer.ring.scans;
  equal(writer.write(new Uint8Array(4), 0), false);
  equal(writer.ring.scans, before + 1);
});
