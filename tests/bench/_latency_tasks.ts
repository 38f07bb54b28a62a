/** Two tasks that send each other one number to and fro, on Ringmill's streams. */

import type { Reader, TaskContext, Writer } from "@ringmill/ringmill";
import { type Percentiles, percentiles, SHARES, verify } from "./_measure.ts";
import { timeRoundTrips } from "./_round_trips.ts";

interface Trips {
  readonly trips: number;
}

/** Sends numbers, waits for each to come back, and publishes the {@link Percentiles} of the round trips. */
export function ask(
  { there, back, results }: { there: Writer<"int32">; back: Reader<"int32">; results: Writer<"float64"> },
  { params }: TaskContext<Trips>,
) {
  const times = timeRoundTrips(params.trips, (n) => {
    there.look(Infinity)![0] = n;
    there.increment();
    const came = back.look(Infinity)![0];
    back.increment();
    verify(came === n, "a round trip");
  });
  const found: Percentiles = percentiles(times);
  results.write(Float64Array.from(Object.values(found)), Infinity);
}

/** Sends every number back. */
export function answer({ there, back }: { there: Reader<"int32">; back: Writer<"int32"> }) {
  for (const [n] of there) {
    back.look(Infinity)![0] = n;
    back.increment();
  }
}

/** The numbers of a frame of results. */
export const RESULTS = Object.keys(SHARES).length;
