/** Waiting for a promise, but not for ever. */

import { LATE_MS, LONGEST_TIMER_MS, Timer } from "../timers.ts";

export { LONGEST_TIMER_MS };

/**
 * Whether `promise` resolves within `ms`. If this thread is busy with something else when the time is up, it listens once
 * more, for as long as it was late: it has not heard what came in time.
 */
export async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  if (ms === Infinity) return await promise.then(() => true);
  const until = performance.now() + ms;
  if (await resolvesIn(promise, ms)) return true;
  const late = performance.now() - until;
  return late > LATE_MS && await resolvesIn(promise, late);
}

async function resolvesIn(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise: timedOut, resolve } = Promise.withResolvers<boolean>();
  using _timer = new Timer(ms, () => resolve(false));
  return await Promise.race([promise.then(() => true), timedOut]);
}
