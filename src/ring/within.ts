/** Waiting for a promise, but not for ever. */

/** A timer cannot wait longer than this; a greater time is no bound. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;

/** A timer that fires this much too late, in milliseconds, tells of a thread that was busy with something else. */
const LATE_MS = 5;

/**
 * Whether `promise` resolves within `ms`. If this thread is busy with something else when the time is up, it listens once
 * more, for as long as it was late: it has not heard what came in time.
 */
export async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  if (ms > LONGEST_TIMER_MS) return await promise.then(() => true);
  const until = performance.now() + ms;
  if (await resolvesIn(promise, ms)) return true;
  const late = performance.now() - until;
  return late > LATE_MS && await resolvesIn(promise, late);
}

async function resolvesIn(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const timer = Promise.withResolvers<boolean>();
  const id = setTimeout(() => timer.resolve(false), ms);
  try {
    return await Promise.race([promise.then(() => true), timer.promise]);
  } finally {
    clearTimeout(id);
  }
}
