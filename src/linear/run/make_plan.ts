/** Makes the plan of a run, or of one that somebody only asks about. */

import type { CodecTable } from "../cache/codec_table.ts";
import type { Entry } from "../cache/entry.ts";
import { identityOf } from "../cache/identity.ts";
import type { OpenCache } from "../cache/open_cache.ts";
import type { LinearNode } from "../node.ts";
import { forcedNodes } from "../node_range.ts";
import type { LinearPlanOptions } from "../run_options.ts";
import { absolutePathOf } from "../world.ts";
import type { DoneCalls } from "./done_calls.ts";
import type { Held } from "./held_values.ts";
import { CachePlanner, type CacheView, type Found, type PlannedStep } from "./linear_plan.ts";
import { checkCollisions, type Declaration, type Step, wire } from "./linear_wiring.ts";
import { type Ids, UNSEEN } from "./node_parts.ts";
import { planWithoutCache } from "./plan_without_cache.ts";
import type { WorldReader } from "./world_reader.ts";

/** What a plan is made from. */
export interface PlanGround {
  readonly declaration: Declaration;
  readonly options: LinearPlanOptions;
  /** Whether the pipeline has a cache. */
  readonly isCached: boolean;
  /** The cache; `null` if there is none yet. */
  readonly cache: OpenCache | null;
  readonly world: WorldReader;
  /** What earlier runs of this object have left in memory. */
  readonly memory: ReadonlyMap<string, Held>;
  /** What an earlier run that failed has done, or this one before it had to plan again. */
  readonly done: DoneCalls;
  /** Nodes that this run has run already. */
  readonly hasRun: ReadonlySet<LinearNode>;
}

/** A plan, with what it found. */
export interface Plan {
  readonly steps: readonly PlannedStep[];
  /** Without a cache, there is nothing to be found. */
  readonly view: CacheView | null;
  readonly ids: Ids;
}

/**
 * Makes a plan.
 *
 * @throws {UnknownNameError} If `from`, `to` or `force` names no node.
 * @throws {DeclarationError} If the pipeline cannot run.
 */
export function makePlan(ground: PlanGround): Plan {
  const { declaration, options, cache, world, memory, done } = ground;
  const steps = wire(declaration, options, (input) => world.problemOf(input));
  // Those that have run need not again.
  const force = new Set(forcedNodes(declaration, options).filter((node) => !ground.hasRun.has(node)));
  if (!ground.isCached) {
    return {
      steps: planWithoutCache(declaration.name, steps, { has: (name) => memory.has(name), done, world, force }),
      view: null,
      ids: new Map(),
    };
  }
  if (cache) checkCollisions(`run pipeline "${declaration.name}"`, declaration, cache.values.names());
  const obstacles = new Map<string, string>();
  const ids = knownIds(steps, world, declaration.codecs, obstacles);
  const view = viewOf(ground, steps, obstacles);
  return { steps: new CachePlanner(declaration.name, steps, view, ids, force).plan(), view, ids };
}

/** The fingerprints of all that is known before a run. `obstacles` gets the reasons why something has none. */
function knownIds(steps: readonly Step[], world: WorldReader, codecs: CodecTable, obstacles: Map<string, string>): Ids {
  const ids: Ids = new Map();
  for (const { node, inputs } of steps) {
    for (const source of inputs) {
      if (source.kind === "made" || ids.has(source.name) || node.ignore.includes(source.name)) continue;
      if (source.kind === "world") {
        ids.set(source.name, world.idOf(source.input));
        continue;
      }
      const identity = identityOf(source.value, codecs);
      ids.set(source.name, "id" in identity ? identity.id : UNSEEN);
      if ("obstacle" in identity) obstacles.set(source.name, identity.obstacle);
    }
  }
  return ids;
}

function viewOf(
  { cache, world, memory, done, options, hasRun }: PlanGround,
  steps: readonly Step[],
  obstacles: ReadonlyMap<string, string>,
): CacheView {
  const usable = usableNames(steps, done, hasRun);
  const latest = new Map<string, Entry | undefined>();
  return {
    find: (output, key) => {
      const entry = cache?.values.find(output, key);
      return entry && { value: entry.value, isThere: entry.isStored || output.startsWith("file:"), entry };
    },
    latest: (output) => {
      if (!latest.has(output)) latest.set(output, cache?.values.latest(output));
      return latest.get(output);
    },
    inMemory: (output, key) => {
      const held = usable.has(output) ? memory.get(output) : undefined;
      return held?.id !== undefined && key !== null && held.key === key ? { value: held.id, isThere: true } : undefined;
    },
    fileTrouble: (node, output, found) => fileTrouble(world, node, output, found),
    obstacles,
    done,
    isResumed: options.resume === true,
  };
}

/** Outputs whose values in memory may be taken: of nodes that are done or left out. A connection may be broken by now. */
function usableNames(
  steps: readonly Step[],
  done: DoneCalls,
  hasRun: ReadonlySet<LinearNode>,
): Set<string> {
  const usable = steps.filter(({ node, isLeftOut }) => {
    return hasRun.has(node) || !node.resource && (isLeftOut || done.has(node.name));
  });
  return new Set(usable.flatMap(({ node }) => node.outputs));
}

function fileTrouble(world: WorldReader, node: LinearNode, output: string, found: Found): string | undefined {
  const file = node.fileOutputs.get(output)!;
  const id = world.hashes.idOf(absolutePathOf(file));
  if (id === found.value) return undefined;
  return `the file "${file.path}" ${id === undefined ? "is missing" : "is not as it was written"}`;
}
