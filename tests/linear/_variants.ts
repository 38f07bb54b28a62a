/** A program that runs random variants of a pipeline on a cache that others use too: `_variants.ts PATH SEED ROUNDS`. */

import { LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";

const [cachePath, seed, rounds] = Deno.args;

/** The next of a sequence of random numbers below `most`. */
let state = Number(seed);
function random(most: number): number {
  state = (state * 1103515245 + 12345) % 2147483648;
  return Math.floor(state / 65536) % most;
}

function variant(rate: number, size: number): LinearPipeline {
  const nodes = [
    new LinearNode({
      name: "make",
      fn: (size: number) => new Uint8Array(size).fill(size % 251),
      inputs: ["config.size"],
      outputs: ["made"],
    }),
    new LinearNode({
      name: "scale",
      fn: (made: Uint8Array, rate: number) => [made.length * rate, made[0]],
      inputs: ["made", "config.rate"],
      outputs: ["scaled", "first"],
    }),
    new LinearNode({
      name: "sum",
      fn: (scaled: number, first: number) => scaled + first,
      inputs: ["scaled", "first"],
      outputs: ["sum"],
    }),
  ];
  const maxBytes = random(3) === 0 ? 2_000_000 : undefined;
  return new LinearPipeline({
    name: "variants",
    nodes,
    config: { rate, size },
    usePersistentCache: true,
    cachePath,
    maxBytes,
    quiet: true,
    trackHistory: random(4) === 0,
  });
}

if (import.meta.main) {
  // Values that another program's limit removes are made anew, which is told.
  console.warn = () => {};
  for (let round = 0; round < Number(rounds); round++) {
    const rate = 1 + random(3);
    const size = [10, 1000, 1_200_000][random(3)];
    const pipeline = variant(rate, size);
    if (random(8) === 0) await pipeline.prune({ maxBytes: 0 });
    if (random(15) === 0) await pipeline.clear();
    const { results } = await pipeline.run();
    const wanted = size * rate + size % 251;
    if (results.sum !== wanted) throw new Error(`received ${results.sum}, expected ${wanted}`);
  }
  console.log("all right");
}
