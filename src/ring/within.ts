/** Waiting for a promise, but not for ever. */

/** Whether `promise` resolves within `ms`. */
export async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  // A timer cannot wait longer than this; it is no bound then.
  if (ms > 2 ** 31 - 1) return await promise.then(() => true);
  const timer = Promise.withResolvers<boolean>();
  const id = setTimeout(() => timer.resolve(false), ms);
  try {
    return await Promise.race([promise.then(() => true), timer.promise]);
  } finally {
    clearTimeout(id);
  }
}
