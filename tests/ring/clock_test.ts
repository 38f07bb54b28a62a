import { deepEqual, ok } from "node:assert/strict";
import { adoptClockZero, clockZero, now, wallTime } from "../../src/ring/clock.ts";
import { shiftClock } from "./_clock_worker.ts";

const HOUR = 3_600_000;

/** Whether a time lies between two others, but for what clocks of whole milliseconds may be off. */
const isBetween = (time: number, from: number, to: number) => time >= from - 1 && time <= to + 1;

/** What a worker's clock tells: its time, the wall time that it shows, and this thread's time just before and after. */
async function askWorker(shiftMs: number) {
  const worker = new Worker(new URL("./_clock_worker.ts", import.meta.url), { type: "module", name: "clock" });
  const answer = () => new Promise<[number, number]>((resolve) => worker.onmessage = ({ data }) => resolve(data));
  try {
    worker.postMessage({ zero: clockZero(), shiftMs });
    await answer();
    const before = now();
    worker.postMessage(null);
    const [time, wall] = await answer();
    return { before, time, wall, after: now() };
  } finally {
    worker.terminate();
  }
}

Deno.test("now() is the same in a worker, whose own clock begins later", async () => {
  const { before, time, wall, after } = await askWorker(0);
  ok(isBetween(time, before, after), `${time} is not from ${before} to ${after}`);
  ok(isBetween(wall, wallTime(before), wallTime(after)));
});

for (const shiftMs of [HOUR, -HOUR, 60_000, 20]) {
  Deno.test(`now() is the same in a worker that starts after the system's clock was set by ${shiftMs} ms`, async () => {
    const restore = shiftClock(shiftMs, false);
    try {
      const { before, time, wall, after } = await askWorker(shiftMs);
      ok(isBetween(time, before, after), `${time} is not from ${before} to ${after}`);
      ok(isBetween(wall, wallTime(before), wallTime(after)));
    } finally {
      restore();
    }
  });
}

for (const shiftMs of [HOUR, -HOUR]) {
  Deno.test(`now() of a worker is not off by the ${shiftMs} ms by which the system's clock is set during its start`, async () => {
    const { before, time, after } = await askWorker(shiftMs);
    ok(time > 0 && time > before - 30_000 && time < after + 30_000, `${time} is not near ${before} to ${after}`);
  });
}

Deno.test("wallTime() is that of the system's clock as it is set when it is shown, also for times that are past", () => {
  for (const shiftMs of [HOUR, -HOUR, 0]) {
    const restore = shiftClock(shiftMs, false);
    try {
      const before = Date.now();
      ok(isBetween(wallTime(), before, Date.now()));
      ok(isBetween(wallTime(now() - 1000), before - 1000, Date.now() - 1000));
    } finally {
      restore();
    }
  }
});

Deno.test("A thread that has given out its zero keeps it", () => {
  const zero = clockZero();
  const before = now();
  adoptClockZero({ ...zero, wallMs: zero.wallMs - HOUR });
  deepEqual([now() - before < HOUR / 2, Math.abs(clockZero().wallMs - zero.wallMs) < 1], [true, true]);
});
