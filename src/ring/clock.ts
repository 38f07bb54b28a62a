/**
 * The program's clock: one monotonic zero for all of its threads.
 *
 * Each worker counts `performance.now()` from its own start, and takes its `performance.timeOrigin` from the system's clock,
 * which may be set at any time. So the thread that starts a worker hands its zero over, and the worker finds by how much
 * its own lies behind. Times of two threads compare on this clock alone; the system's clock is read to show a time.
 */

/** What a thread hands to a worker at its start. Make it when it is posted: the system's clock may be set later. */
export interface ClockZero {
  /** When the program's clock was 0, in milliseconds since 1970 by the system's clock as it is set now. */
  readonly wallMs: number;
  /** The program's time when this was made. */
  readonly madeAt: number;
}

/** How long a worker may take to begin to count, in milliseconds. More than that is a system's clock that was set. */
const SLOWEST_START_MS = 2000;
/** How exactly the system's clock is read, in milliseconds, if one of so many tries allows it. */
const SHARP_MS = 0.05;
const MOST_TRIES = 20;

/** Milliseconds from the program's zero to that of this thread. */
let offset = 0;
let isAdopted = false;
/** When this thread's own clock was 0, in milliseconds since 1970, as the system's clock was set when it was last read. */
let origin = performance.timeOrigin;

/**
 * Milliseconds since the program's zero, to a fraction of a microsecond. It never goes back and is not altered when the
 * system's clock is set. Every thread of a program has the same.
 */
export function now(): number {
  return offset + performance.now();
}

/** The origin, measured anew if the system's clock was set since. */
function ownOrigin(): number {
  const before = performance.now();
  const shown = Date.now();
  const after = performance.now();
  // Date.now() is a whole number; the origin is right as long as it explains that number.
  if (shown < Math.floor(origin + before) || shown > Math.floor(origin + after)) origin = measureOrigin();
  return origin;
}

/** Waits for the next millisecond of the system's clock, which tells the time to a fraction of it. */
function measureOrigin(): number {
  let shown = Date.now();
  let before = performance.now();
  for (let tries = 0;;) {
    const time = Date.now();
    const after = performance.now();
    // An interrupted thread sees a millisecond that began long before: try again.
    if (time !== shown && (after - before < SHARP_MS || ++tries === MOST_TRIES)) return time - after;
    [shown, before] = [time, after];
  }
}

/** The program's zero, for a worker that this thread is about to start. */
export function clockZero(): ClockZero {
  isAdopted = true;
  return { wallMs: ownOrigin() - offset, madeAt: now() };
}

/** Takes over the zero of the thread that has started this worker. Only the first one counts. */
export function adoptClockZero({ wallMs, madeAt }: ClockZero): void {
  if (isAdopted) return;
  isAdopted = true;
  const own = performance.now();
  const found = ownOrigin() - wallMs;
  const passed = found + own - madeAt;
  // Otherwise the system's clock was set on the way: this worker was started when the zero was made.
  offset = passed >= 0 && passed <= own + SLOWEST_START_MS ? found : madeAt;
}

/** A time of {@link now} in milliseconds since 1970, as the system's clock is set now. For showing only. */
export function wallTime(time: number = now()): number {
  return ownOrigin() - offset + time;
}
