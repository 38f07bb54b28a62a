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
