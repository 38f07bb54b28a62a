/** Waiting for a promise, but not for ever. */

/** A timer cannot wait longer than this; a greater time is no bound. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;

/** Whether `promise` resolves within `ms`. */
export async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  if (ms > LONGEST_TIMER_MS) return await promise.then(() => true);
  const timer = Promise.withResolvers<boolean>();
  const id = setTimeout(() => timer.resolve(false), ms);
  try {
    return await Promise.race([promise.then(() => true), timer.promise]);
  } finally {
    clearTimeout(id);
  }
}
