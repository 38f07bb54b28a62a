/** The plan of a run without a cache: everything runs, but for what the run leaves out or an earlier one has done. */

import type { LinearNode } from "../node.ts";
import type { DoneCalls } from "./done_calls.ts";
import { leftOutProblem, type PlannedStep } from "./linear_plan.ts";
import { refuse, type Source, type Step } from "./linear_wiring.ts";
import { filesSeen, inputsSeen, keyOfSeen } from "./seen_world.ts";
import type { WorldReader } from "./world_reader.ts";

/** What is there in memory. */
export interface MemoryView {
  /** Whether the value of that name is there. */
  has(name: string): boolean;
  /** What an earlier run that failed has done. */
  readonly done: DoneCalls;
  readonly world: WorldReader;
  /** Nodes that run in any case. */
  readonly force: ReadonlySet<LinearNode>;
}

/**
 * The plan.
 *
 * @throws {DeclarationError} If a node needs what is left out, and is not there.
 */
export function planWithoutCache(pipeline: string, steps: readonly Step[], memory: MemoryView): PlannedStep[] {
  const needed = new Set<string>();
  const problems: string[] = [];
  const anew = findAnew(steps, memory);
  const leftOut = new Set(steps.filter(({ isLeftOut }) => isLeftOut).map(({ node }) => node));
  const planned = steps.toReversed().map((step): PlannedStep => {
    const decided = decide(step, needed, anew, memory);
    if (decided.status !== "run") return decided;
    for (const source of step.inputs) {
      needed.add(source.name);
      if (source.kind !== "made" || !leftOut.has(source.by) || memory.has(source.name)) continue;
      problems.unshift(leftOutProblem(step.node, source.name, source.by));
    }
    return decided;
  });
  refuse(`run pipeline "${pipeline}"`, problems);
  return planned.reverse();
}

/** Nodes that run though nobody needs their outputs: those that were not called with just this, and those after them. */
function findAnew(steps: readonly Step[], { done, world, force }: MemoryView): ReadonlySet<LinearNode> {
  const anew = new Set<LinearNode>();
  for (const { node, inputs, isLeftOut } of steps) {
    if (isLeftOut) continue;
    const isDone = done.has(node.name) &&
      done.hasCall(node.name, keyOfSeen(inputsSeen(node, world), filesSeen(node)));
    const isFed = () => inputs.some((source) => makersOf(source).some((maker) => anew.has(maker)));
    if (!isDone || force.has(node) || isFed()) anew.add(node);
  }
  return anew;
}

function makersOf(source: Source): readonly LinearNode[] {
  if (source.kind === "world") return source.by.map(({ node }) => node);
  return source.kind === "made" ? [source.by] : [];
}

function decide(
  step: Step,
  needed: ReadonlySet<string>,
  anew: ReadonlySet<LinearNode>,
  memory: MemoryView,
): PlannedStep {
  const { node, isLeftOut } = step;
  if (isLeftOut) return { ...step, status: "left out", reason: "", isTentative: false };
  const isLost = node.outputs.some((name) => needed.has(name) && !memory.has(name));
  if (anew.has(node) || isLost) {
    return { ...step, status: "run", reason: "there is no cache", isTentative: false };
  }
  const status = node.outputs.length > 0 ? "cached" : "skipped";
  return { ...step, status, reason: "it was done before the failure", isTentative: false };
}
