/** One clock for all threads. */

const origin = performance.timeOrigin;

/** Milliseconds since 1970, to a fraction of a microsecond. That of `Date` is too coarse to tell how long a message took. */
export function now(): number {
  return origin + performance.now();
}
