/**
 * Small frames, many at a time: ticks of a market are written in batches, and read through a window that slides over the
 * stream, for their average price weighted by volume.
 *
 *     deno run -A examples/sliding_window.ts
 */

import { Pipeline, type Reader, type Writer } from "@ringmill/ringmill";

const TICKS = 100_000;
/** Ticks that one average is over, and how many ticks further on the next one begins. */
const WINDOW = 20;
const HOP = 5;

/** A price that goes up and down by the day, 250 ticks long, and a volume. */
export function feed({ ticks }: { ticks: Writer<"float64"> }) {
  for (let n = 0; n < TICKS;) {
    const room = ticks.lookMany(TICKS - n, { timeoutMs: Infinity })!;
    for (const tick of room) {
      tick[0] = 100 + 5 * Math.sin(2 * Math.PI * n / 250);
      tick[1] = 1 + n % 7;
      n++;
    }
    ticks.increment();
  }
}

export function average({ ticks, averages }: { ticks: Reader<"float64">; averages: Writer<"float64"> }) {
  const average = averages.frame();
  for (;;) {
    const window = ticks.lookMany(WINDOW, { least: WINDOW, timeoutMs: Infinity });
    if (window === null) return;
    let turnover = 0;
    let volume = 0;
    for (const [price, traded] of window) {
      turnover += price * traded;
      volume += traded;
    }
    average[0] = turnover / volume;
    averages.write(average);
    ticks.increment(HOP);
  }
}

export function extremes({ averages }: { averages: Reader<"float64"> }) {
  let count = 0;
  let lowest = Infinity;
  let highest = -Infinity;
  for (const [average] of averages) {
    count++;
    lowest = Math.min(lowest, average);
    highest = Math.max(highest, average);
  }
  console.log(`${count} averages of ${WINDOW} ticks, from ${lowest.toFixed(3)} to ${highest.toFixed(3)}`);
}

if (import.meta.main) {
  await using pipe = new Pipeline("sliding-window", import.meta);
  const ticks = pipe.addStream("ticks", { shape: [2], dtype: "float64", frames: 256 });
  const averages = pipe.addStream("averages", { shape: [1], dtype: "float64" });
  pipe.addTask("feed", { fn: feed, writes: { ticks } });
  pipe.addTask("average", { fn: average, reads: { ticks }, writes: { averages } });
  pipe.addTask("extremes", { fn: extremes, reads: { averages } });
  await pipe.run();
}
