/** What the pools are given to do. */

export interface Work {
  readonly seed: number;
  readonly rounds: number;
}

/** A number after so many rounds of mixing. */
export function mix({ seed, rounds }: Work): number {
  let x = seed;
  for (let n = 0; n < rounds; n++) x = Math.imul(x ^ (x >>> 15), 0x85ebca6b) + n | 0;
  return x;
}

/** How many rounds take about so many milliseconds here. */
export function roundsFor(ms: number): number {
  const rounds = 1_000_000;
  mix({ seed: 1, rounds });
  const start = performance.now();
  mix({ seed: 2, rounds });
  return Math.round(rounds * ms / (performance.now() - start));
}

// What tinypool calls.
export default mix;
