/** Checks a declaration as a whole, and finds the order in which its tasks start. */

import { DeclarationError } from "../errors.ts";
import type { EventHandle } from "./event.ts";
import type { StreamHandle } from "./stream.ts";
import type { DeclaredBinding, TaskDeclaration } from "./task.ts";
import { sortTopologically } from "./topology.ts";

/** Everything that was declared. */
export interface Declaration {
  readonly name: string;
  readonly streams: ReadonlyMap<string, StreamHandle>;
  readonly events: ReadonlyMap<string, EventHandle>;
  readonly tasks: ReadonlyMap<string, TaskDeclaration>;
  /** What the program itself is an end of. */
  readonly opened: ProgramEnds;
}

/** Names of streams and events of which the program itself is an end. */
export interface ProgramEnds {
  /** The streams that it reads. */
  readonly reads: ReadonlySet<string>;
  /** The streams that it writes. */
  readonly writes: ReadonlySet<string>;
  /** The events that it is a party to. */
  readonly events: ReadonlySet<string>;
}

/** A declaration that can run. */
export interface Plan {
  /** The tasks, those that read before those that write. */
  readonly order: readonly string[];
  /** What is allowed, but probably not meant. */
  readonly warnings: readonly string[];
}

/** The end of a stream that the program itself holds, in messages. */
const PROGRAM = "the program";

/**
 * Checks everything that can be checked before anything runs.
 *
 * @throws {DeclarationError} With all problems that were found.
 */
export function planPipeline(declaration: Declaration): Plan {
  const tasks = [...declaration.tasks.values()];
  const problems = [
    ...tasks.flatMap((task) => taskProblems(task, declaration)),
    ...[...declaration.streams.keys()].flatMap((stream) => streamProblems(stream, declaration)),
  ];
  const readers = new Map<string, string[]>();
  for (const { name, reads } of tasks) {
    for (const { target } of reads) readers.set(target, [...readers.get(target) ?? [], name]);
  }
  const successors = (task: string) =>
    declaration.tasks.get(task)!.writes.flatMap(({ target }) => readers.get(target) ?? []).filter((name) =>
      name !== task
    );
  const topology = sortTopologically([...declaration.tasks.keys()], successors);
  if ("cycle" in topology) problems.push(`its tasks form a cycle: ${topology.cycle.join(" -> ")}`);
  if (problems.length > 0 || "cycle" in topology) {
    throw new DeclarationError(`Cannot compile pipeline "${declaration.name}": ${problems.join("; ")}`);
  }
  return {
    order: topology.order.toReversed(),
    warnings: [...eventWarnings(declaration), ...idleReaderWarnings(declaration), ...spinWarnings(declaration)],
  };
}

function taskProblems(task: TaskDeclaration, { streams, events }: Declaration): string[] {
  const unknown = (kind: string, known: ReadonlyMap<string, unknown>, bindings: readonly DeclaredBinding[]) =>
    bindings.filter(({ target }) => !known.has(target)).map(({ target }) =>
      `task "${task.name}" is bound to the unknown ${kind} "${target}"`
    );
  const locals = [...task.reads, ...task.writes, ...task.events, ...task.gate ? [task.gate] : []].map(({ local }) =>
    local
  );
  const twice = new Set(locals.filter((local, index) => locals.indexOf(local) !== index));
  const written = new Set(task.writes.map(({ target }) => target));
  return [
    ...unknown("stream", streams, [...task.reads, ...task.writes]),
    ...unknown("event", events, task.gate ? [...task.events, task.gate] : task.events),
    // A terminator has no function, hence no names to confuse.
    ...task.mode === "terminator"
      ? []
      : [...twice].map((local) => `task "${task.name}" binds the name "${local}" twice`),
    ...task.reads.filter(({ target }) => written.has(target)).map(({ target }) =>
      `task "${task.name}" both reads and writes stream "${target}"`
    ),
  ];
}

function streamProblems(stream: string, { tasks, opened }: Declaration): string[] {
  const bound = (side: "reads" | "writes") => [
    ...[...tasks.values()].flatMap((task) =>
      task[side].filter(({ target }) => target === stream).map(() => `"${task.name}"`)
    ),
    ...opened[side].has(stream) ? [PROGRAM] : [],
  ];
  const writers = bound("writes");
  const problems: string[] = [];
  if (writers.length === 0) problems.push(`stream "${stream}" has no writer`);
  if (writers.length > 1) problems.push(`stream "${stream}" has more than one writer: ${writers.join(", ")}`);
  if (bound("reads").length === 0) problems.push(`stream "${stream}" has no reader`);
  return problems;
}

/**
 * A controlled task holds back the writers of what it reads while it is off: all who read or write with them stand still
 * then, and perhaps whoever would switch it on.
 */
function idleReaderWarnings({ tasks, opened }: Declaration): string[] {
  const all = [...tasks.values()].filter(({ mode }) => mode !== "terminator");
  return all.filter(({ gate }) => gate !== undefined).flatMap((idle) =>
    idle.reads.filter(({ latest }) => !latest).flatMap(({ local, target }) => {
      const writers = all.filter(({ writes }) => writes.some((each) => each.target === target));
      const streams = new Set([target, ...writers.flatMap(({ writes }) => writes.map((each) => each.target))]);
      const others = all.filter((task) => task !== idle && task.reads.some((each) => streams.has(each.target)));
      const held = others.map(({ name }) => `"${name}"`);
      if ([...streams].some((stream) => opened.reads.has(stream))) held.push(PROGRAM);
      if (held.length === 0) return [];
      const advice = `reads: { ${local}: ${target}.latest } does not hold them up`;
      return [
        `task "${idle.name}" holds back the writer of stream "${target}" while event "${
          idle.gate!.target
        }" is not open, ` +
        `and with it ${held.join(", ")}: ${advice}`,
      ];
    })
  );
}

/** A task that spins keeps its core, so that those without one stand still until the system takes it away. */
function spinWarnings({ streams, tasks }: Declaration): string[] {
  const cores = navigator.hardwareConcurrency;
  const running = [...tasks.values()].filter(({ mode }) => mode !== "terminator");
  const spinning = [...streams.values()].filter(({ name, wait }) =>
    wait === "spin" && running.some(({ reads, writes }) => [...reads, ...writes].some(({ target }) => target === name))
  );
  if (spinning.length === 0 || running.length <= cores) return [];
  const names = spinning.map(({ name }) => `"${name}"`).join(", ");
  return [
    `${
      spinning.length === 1 ? `stream ${names} has` : `streams ${names} have`
    } wait: "spin" although ${running.length} ` +
    `tasks share ${cores} ${
      cores === 1 ? "core" : "cores"
    }: who spins keeps the others from running, "adaptive" does not`,
  ];
}

function eventWarnings({ events, tasks, opened }: Declaration): string[] {
  return [...events.values()].flatMap(({ name, initialState }) => {
    const isHeld = (bindings: readonly DeclaredBinding[]) => bindings.some(({ target }) => target === name);
    const holders = [...tasks.values()].filter((task) => isHeld(task.events));
    const gated = [...tasks.values()].filter((task) => task.gate?.target === name);
    const bound = [...new Set([...holders, ...gated])].map((task) => `"${task.name}"`);
    const warnings: string[] = [];
    if (bound.length > 2) {
      const advice = "an event with one task that waits for it is the intended pattern, consider one event for each";
      warnings.push(`event "${name}" is bound to ${bound.length} tasks (${bound.join(", ")}): ${advice}`);
    }
    if (gated.length > 0 && holders.length === 0 && !opened.events.has(name) && !initialState) {
      warnings.push(`event "${name}" is never signalled: no task is bound to it but those that it activates`);
    }
    return warnings;
  });
}
