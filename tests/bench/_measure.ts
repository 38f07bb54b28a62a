/** Timing, as all benchmarks do it. */

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A rival: runs the work once and returns what it took, after checking that its result is right. */
export type Rival<Time = number> = () => Time | Promise<Time>;

/** Who takes part, by name. Some may not be there on this machine. */
export type Rivals<Time = number> = Readonly<Record<string, Rival<Time> | undefined>>;

/**
 * Runs all rivals in turn, several rounds of each after one that does not count, and hands back what each took. In turn,
 * so that a slow moment of the machine meets all of them.
 */
export async function race<Time>(rivals: Rivals<Time>, rounds: number): Promise<Record<string, Time[]>> {
  const times: Record<string, Time[]> = {};
  for (let round = 0; round <= rounds; round++) {
    for (const [name, rival] of Object.entries(rivals)) {
      const time = await rival?.();
      if (round > 0 && time !== undefined) (times[name] ??= []).push(time);
    }
  }
  return times;
}

/** As {@link race}: the median of each. */
export async function medians(rivals: Rivals, rounds: number): Promise<Record<string, number>> {
  return mapValues(await race(rivals, rounds), median);
}

/** An object with the same keys. */
export function mapValues<Name extends string, From, To>(
  object: Readonly<Record<Name, From>>,
  change: (value: From) => To,
): Record<Name, To> {
  const entries = Object.entries(object) as [Name, From][];
  return Object.fromEntries(entries.map(([name, value]) => [name, change(value)])) as Record<Name, To>;
}

/** Nanoseconds per round of `work`, called `count` times in one go. */
export function timePerCall(count: number, work: (count: number) => void): number {
  const start = performance.now();
  work(count);
  return (performance.now() - start) / count * 1e6;
}

/** The shares of the samples that {@link Percentiles} are of. */
export const SHARES = { "p50": 0.5, "p99": 0.99, "p99.9": 0.999 } as const;

/** The times that so many of the samples stay below. */
export type Percentiles = Record<keyof typeof SHARES, number>;

/** Sorts samples into percentiles. */
export function percentiles(samples: Float64Array): Percentiles {
  const sorted = samples.toSorted();
  return mapValues(SHARES, (share) => sorted[Math.floor(share * (sorted.length - 1))]);
}

/** What reading the clock twice takes of itself, in nanoseconds. */
export function clockCost(): number {
  const costs = Float64Array.from({ length: 10_000 }, () => -performance.now() + performance.now());
  return percentiles(costs)["p50"] * 1e6;
}

/** Fails a benchmark whose work came out wrong. */
export function verify(isRight: boolean, what: string): void {
  if (!isRight) throw new Error(`Cannot time ${what}: its result is wrong`);
}

/** Sums up the numbers that frames begin with, and tells how long it took from one frame to the last. */
export class Receipt {
  /** Frames so far. */
  count = 0;
  readonly #warmUp: number;
  #sum = 0;
  #start = 0;

  /** The time runs from the frame after so many. */
  constructor(warmUp = 0) {
    this.#warmUp = warmUp;
  }

  /** Takes the number of the next frame. */
  take(number: number): void {
    if (this.count++ === this.#warmUp) this.#start = performance.now();
    this.#sum += number;
  }

  /** Nanoseconds per frame, and the sum. */
  settle(): { time: number; sum: number } {
    return { time: (performance.now() - this.#start) / (this.count - 1 - this.#warmUp) * 1e6, sum: this.#sum };
  }
}

/** Whether a sum is that of the numbers 0 to `count` - 1: none was lost, doubled or torn. */
export function isSumOfAll(sum: number, count: number): boolean {
  return sum === count * (count - 1) / 2;
}
