/** Times round trips one by one. */

import { clockCost } from "./_measure.ts";

/** Trips before the first that counts. */
const WARM_UP = 2000;

/** Nanoseconds of each of so many round trips, less what reading the clock takes of itself. */
export function timeRoundTrips(trips: number, trip: (n: number) => void): Float64Array {
  for (let n = -WARM_UP; n < 0; n++) trip(n);
  const cost = clockCost();
  const times = new Float64Array(trips);
  for (let n = 0; n < trips; n++) {
    const start = performance.now();
    trip(n);
    times[n] = (performance.now() - start) * 1e6 - cost;
  }
  return times;
}

/** As {@link timeRoundTrips}, for trips that are awaited. */
export async function timeRoundTripsAsync(trips: number, trip: (n: number) => Promise<void>): Promise<Float64Array> {
  for (let n = -WARM_UP; n < 0; n++) await trip(n);
  const times = new Float64Array(trips);
  for (let n = 0; n < trips; n++) {
    const start = performance.now();
    await trip(n);
    times[n] = (performance.now() - start) * 1e6;
  }
  return times;
}
