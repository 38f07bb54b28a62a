/** Streams that cross to other programs, or come from them: their rings have a table of runs. */

import { DeclarationError } from "../errors.ts";
import type { Pipeline } from "./pipeline.ts";
import type { TaskDeclaration } from "./task.ts";

/** Which way a stream crosses: of one that goes out, all frames, or only the newest. */
export type CarriedWay = "in" | "out" | "newest";

/** Streams of each pipeline that cross to other machines. */
const carried = new WeakMap<Pipeline, Map<string, CarriedWay>>();

/** Says that a stream crosses. */
export function markCarried(pipe: Pipeline, stream: string, way: CarriedWay): void {
  const known = carried.get(pipe) ?? new Map<string, CarriedWay>();
  const before = known.get(stream);
  if (before !== undefined && (before === "in") !== (way === "in")) {
    const advice = "have a task copy it into another stream";
    throw new DeclarationError(`Cannot send stream "${stream}" on: it comes from another program itself; ${advice}`);
  }
  carried.set(pipe, known.set(stream, before === "out" ? before : way));
}

/** The streams that cross. */
export function carriedStreams(pipe: Pipeline): [stream: string, way: CarriedWay][] {
  return Array.from(carried.get(pipe) ?? []);
}

/**
 * The streams on the way from a task to other programs, in the order in which frames pass them; none where nothing of its work
 * goes there.
 */
export function streamsOnTheWay(
  pipe: Pipeline,
  tasks: ReadonlyMap<string, TaskDeclaration>,
  task: string,
  order: readonly string[],
): string[] | undefined {
  const known = carried.get(pipe);
  if (!known || fedStreams(pipe, tasks, task)!.length === 0) return undefined;
  const reached = new Set([task]);
  const found: string[] = [];
  for (const name of order) {
    const { reads, writes } = tasks.get(name)!;
    const isReached = reached.has(name) || reads.some(({ target }) => found.includes(target));
    if (!isReached || fedStreams(pipe, tasks, name)!.length === 0) continue;
    reached.add(name);
    found.push(...writes.map(({ target }) => target));
  }
  return found.filter((stream) => known.get(stream) !== "in");
}

/** The streams that a task's work goes into, directly or through other tasks, and that go to other programs. */
export function fedStreams(
  pipe: Pipeline,
  tasks: ReadonlyMap<string, TaskDeclaration>,
  task: string,
): string[] | undefined {
  const known = carried.get(pipe);
  if (!known) return undefined;
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = (name: string) => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const { target } of tasks.get(name)!.writes) {
      if (known.has(target) && known.get(target) !== "in") found.add(target);
      for (const { name: reader, reads } of tasks.values()) {
        if (reads.some((binding) => binding.target === target)) visit(reader);
      }
    }
  };
  visit(task);
  return Array.from(found);
}
