/**
 * A join of two streams of different rates: a position every 10 ms and a temperature every second.
 *
 * Every frame carries its time. To each position the join adds the latest temperature that is not younger, so the result
 * depends on the data alone and not on which worker is faster. Positions before the first temperature get none.
 *
 *     deno run -A examples/join.ts
 */

import { Pipeline, type Reader, type Writer } from "@ringmill/ringmill";

const SECONDS = 5;

/** Frames of time in ms and position. */
export function track({ positions }: { positions: Writer<"float64"> }) {
  for (let time = 0; time < 1000 * SECONDS; time += 10) {
    positions.write(Float64Array.of(time, Math.sin(time / 1000)));
  }
}

/** Frames of time in ms and temperature. The first comes late. */
export function measure({ temperatures }: { temperatures: Writer<"float64"> }) {
  for (let second = 1; second < SECONDS; second++) {
    temperatures.write(Float64Array.of(1000 * second, 20 + second));
  }
}

/** Frames of time, position and temperature. */
export function join(
  { positions, temperatures, joined }: {
    positions: Reader<"float64">;
    temperatures: Reader<"float64">;
    joined: Writer<"float64">;
  },
) {
  let temperature = NaN;
  let next = temperatures.read(Infinity);
  for (const [time, position] of positions) {
    while (next !== null && next[0] <= time) {
      temperature = next[1];
      next = temperatures.read(Infinity); // null once that stream has ended: the last temperature stays
    }
    joined.write(Float64Array.of(time, position, temperature));
  }
}

export function sink({ joined }: { joined: Reader<"float64"> }) {
  const counts = new Map<string, number>();
  for (const [, , temperature] of joined) {
    const key = Number.isNaN(temperature) ? "no temperature" : `${temperature} degrees`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [key, count] of counts) console.log(`${count} positions with ${key}`);
}

if (import.meta.main) {
  await using pipe = new Pipeline("join", import.meta);
  const positions = pipe.addStream("positions", { shape: [2], dtype: "float64" });
  const temperatures = pipe.addStream("temperatures", { shape: [2], dtype: "float64" });
  const joined = pipe.addStream("joined", { shape: [3], dtype: "float64" });
  pipe.addTask("track", { fn: track, writes: { positions } });
  pipe.addTask("measure", { fn: measure, writes: { temperatures } });
  pipe.addTask("join", { fn: join, reads: { positions, temperatures }, writes: { joined } });
  pipe.addTask("sink", { fn: sink, reads: { joined } });
  await pipe.run();
}
