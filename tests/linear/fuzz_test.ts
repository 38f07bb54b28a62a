/** Random pipelines, each changed again and again: with a cache they give just what they give without one. */

import type { LinearNodeOptions, LinearRunOptions } from "@ringmill/ringmill/linear";
import { deepEqual } from "node:assert/strict";
import { cached, logged, quietPipeline, temporaryCache } from "./_helpers.ts";

/** Pipelines tried; more in the long form, `FC_RUNS=5000`. Each is run some ten times. */
const PIPELINES = Number(Deno.env.get("FC_RUNS") ?? 60);

/** Random numbers from a seed, so that a failure can be seen again. */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed + 1;
  }

  /** A number below `most`. */
  below(most: number): number {
    this.#state = (this.#state * 48271) % 2147483647;
    return this.#state % most;
  }

  oneOf<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)];
  }
}

/** What no clone keeps: it stays in memory. */
class Box {
  readonly #value: number;
  constructor(value: number) {
    this.#value = value;
  }
  get value(): number {
    return this.#value;
  }
}

const numberOf = (value: unknown) =>
  value instanceof Box ? value.value : Array.isArray(value) ? value[0] as number : value as number;

interface NodePlan {
  readonly inputs: string[];
  readonly outputs: number;
  readonly kind: "number" | "array" | "box" | "resource" | "uncached";
  salt: number;
  /** A small one makes different inputs come out the same. */
  readonly modulus: number;
}

interface PipelinePlan {
  readonly nodes: NodePlan[];
  readonly config: number[];
  readonly runtime: number[];
}

function inputsOf(random: Random, index: number, outputs: readonly string[]): string[] {
  const known = [...outputs, "config.c0", "config.c1", "config", "r0", "r1"];
  return Array.from(
    { length: random.below(4) },
    () => random.oneOf(index > 2 && outputs.length > 0 && random.below(3) > 0 ? outputs : known),
  );
}

function outputNames(index: number, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `o${index}_${n}`);
}

function randomPlan(random: Random): PipelinePlan {
  const nodes: NodePlan[] = [];
  const outputs: string[] = [];
  for (let index = 0; index < 2 + random.below(8); index++) {
    const count = random.oneOf([0, 1, 1, 1, 2]);
    const kind = random.oneOf(["number", "array", "array", "box", "resource", "uncached"] as const);
    nodes.push({
      inputs: inputsOf(random, index, outputs),
      outputs: count,
      kind,
      salt: random.below(3),
      modulus: random.oneOf([3, 1000]),
    });
    outputs.push(...outputNames(index, count));
  }
  return { nodes, config: [random.below(3), random.below(3)], runtime: [random.below(3), random.below(3)] };
}

/** Changes something: a function, the configuration, a constant, the inputs of a node. */
function change({ nodes, config, runtime }: PipelinePlan, random: Random): void {
  const index = random.below(nodes.length);
  switch (random.below(5)) {
    case 0:
      nodes[index].salt = random.below(3);
      break;
    case 1:
      config[random.below(2)] = random.below(3);
      break;
    case 2:
      runtime[random.below(2)] = random.below(3);
      break;
    case 3: {
      const before = nodes.slice(0, index).flatMap((node, at) => outputNames(at, node.outputs));
      nodes[index].inputs.splice(0, 4, ...inputsOf(random, index, before));
      break;
    }
  }
}

function nodeOf({ inputs, outputs, kind, salt, modulus }: NodePlan, index: number): LinearNodeOptions {
  const fn = (...given: unknown[]) => {
    const numbers = given.map((value) =>
      typeof value === "object" && value !== null && "c0" in value ? Number(value.c0) : numberOf(value)
    );
    const mixed = numbers.reduce((mixed, n, at) => (mixed * 31 + n * (at + 7)) % 100_003, salt + index);
    const values = Array.from({ length: outputs }, (_, n) => {
      const value = (mixed + n) % modulus;
      return kind === "array"
        ? [value, new Float64Array(3).fill(value)]
        : kind === "box" || kind === "resource"
        ? new Box(value)
        : value;
    });
    return outputs === 1 ? values[0] : values;
  };
  const more = { cache: kind !== "uncached", resource: kind === "resource" };
  return {
    name: `n${index}`,
    fn,
    version: [salt, modulus, kind],
    inputs,
    outputs: outputNames(index, outputs),
    ...more,
  };
}

function pipelineOf(plan: PipelinePlan, settings: object) {
  const [c0, c1] = plan.config;
  const [r0, r1] = plan.runtime;
  return quietPipeline(plan.nodes.map(nodeOf), { ...settings, config: { c0, c1 }, runtime: { r0, r1 } });
}

function plain(results: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(results).map(([name, value]) => [name, value instanceof Box ? value.value : value]),
  );
}

async function tryOne(seed: number): Promise<void> {
  const random = new Random(seed);
  const plan = randomPlan(random);
  using cache = temporaryCache();
  for (let round = 0; round < 10; round++) {
    const names = plan.nodes.map((_, index) => `n${index}`);
    const to = random.below(4) === 0 ? random.oneOf(names) : undefined;
    const reached = to === undefined ? names : names.slice(0, names.indexOf(to) + 1);
    const options: LinearRunOptions = { to, force: random.below(4) === 0 ? random.oneOf(reached) : false };
    const wanted = await pipelineOf(plan, {}).run(options);
    const maxBytes = random.below(5) === 0 ? random.below(400) : undefined;
    const got = await pipelineOf(plan, { ...cached(cache.path), maxBytes }).run(options);
    deepEqual(plain(got.results), plain(wanted.results), `seed ${seed}, round ${round}`);
    change(plan, random);
  }
}

Deno.test(`Random pipelines give with a cache what they give without, ${PIPELINES} times`, async () => {
  await logged(async () => {
    for (let seed = 0; seed < PIPELINES; seed++) await tryOne(seed);
  });
});
