/** The plan of a run without a cache: everything runs, but for what the run leaves out or an earlier one has done. */

import { refuse, type Step } from "./linear_wiring.ts";
import { leftOutProblem, type PlannedStep } from "./linear_plan.ts";

/** What is there in memory. */
export interface MemoryView {
  /** Whether the value of that name is there. */
  has(name: string): boolean;
  /** The names of the nodes that an earlier run, which failed, has done. */
  readonly done: { has(node: string): boolean };
}

/**
 * The plan.
 *
 * @throws {DeclarationError} If a node needs what is left out, and is not there.
 */
export function planWithoutCache(pipeline: string, steps: readonly Step[], memory: MemoryView): PlannedStep[] {
  const needed = new Set<string>();
  const problems: string[] = [];
  const leftOut = new Set(steps.filter(({ isLeftOut }) => isLeftOut).map(({ node }) => node));
  const planned = steps.toReversed().map((step): PlannedStep => {
    const decided = decide(step, needed, memory);
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

function decide(step: Step, needed: ReadonlySet<string>, memory: MemoryView): PlannedStep {
  const { node, isLeftOut } = step;
  if (isLeftOut) return { ...step, status: "left out", reason: "", isTentative: false };
  const isLost = node.outputs.some((name) => needed.has(name) && !memory.has(name));
  if (!memory.done.has(node.name) || isLost) {
    return { ...step, status: "run", reason: "there is no cache", isTentative: false };
  }
  const status = node.outputs.length > 0 ? "cached" : "skipped";
  return { ...step, status, reason: "it was done before the failure", isTentative: false };
}
