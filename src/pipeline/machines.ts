/** Machines: labels of tasks by which one declaration is cut into programs, and the streams that cross from one to others. */

import { DeclarationError } from "../errors.ts";
import * as rules from "../rules.ts";
import { suggest } from "../suggest.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Declaration } from "./plan.ts";
import type { StreamHandle } from "./stream.ts";
import type { DeclaredBinding, TaskDeclaration } from "./task.ts";

/** A stream that is written on one machine and read on others. */
export interface Crossing {
  /** The stream. */
  readonly stream: StreamHandle;
  /** The machine of the task that writes it. */
  readonly from: string;
  /** The machines that get all of its frames. */
  readonly to: readonly string[];
  /** The machines all of whose readers want the newest frame only: such readers hold nobody back. */
  readonly latest: readonly string[];
}

/**
 * What carries streams from machine to machine: `nats()` and `tcp()` of `@ringmill/ringmill/cluster` make one.
 *
 * @example
 * ```ts
 * import type { MachineTransport } from "@ringmill/ringmill";
 *
 * export const nowhere: MachineTransport = {
 *   connect: (pipe, machine) => console.log(`${pipe.name} begins on ${machine}`),
 * };
 * ```
 */
export interface MachineTransport {
  /**
   * Adds the tasks that send and receive the streams that cross from or to `machine`. `machines` are all that there are. The
   * pipeline calls this once, while it is compiled.
   *
   * @throws {DeclarationError} If it cannot carry one of them.
   */
  connect(pipe: Pipeline, machine: string, crossings: readonly Crossing[], machines: readonly string[]): void;
}

/** Which part of a pipeline is to run. */
export interface MachineOptions {
  /** Runs the tasks with this label only, and has their streams cross. All tasks run here if it is left out. */
  machine?: string;
  /** What carries the streams that cross: `nats(url)` or `tcp(url)` of `@ringmill/ringmill/cluster`. */
  transport?: MachineTransport;
}

/** What each option must be. */
export const MACHINE_RULES = {
  machine: rules.name,
  transport: {
    expected: "a transport, as nats() or tcp() makes it",
    isKind: (value) => typeof (value as MachineTransport | null)?.connect === "function",
  },
} satisfies rules.Rules;

type Tasks = ReadonlyMap<string, TaskDeclaration>;

/** The labels of some tasks, in the order of declaration. */
export function machinesOf(tasks: Tasks): string[] {
  const labels = Array.from(tasks.values(), ({ machine }) => machine).filter((label) => label !== undefined);
  return Array.from(new Set(labels));
}

const isBound = (bindings: readonly DeclaredBinding[], target: string) =>
  bindings.some((binding) => binding.target === target);

/** The streams that cross between labelled tasks. */
export function crossingsOf({ streams, tasks }: Pick<Declaration, "streams" | "tasks">): Crossing[] {
  return Array.from(streams.values()).flatMap((stream) => {
    const from = Array.from(tasks.values()).find(({ writes }) => isBound(writes, stream.name))?.machine;
    if (from === undefined) return [];
    const far = Array.from(tasks).filter(([, { machine, reads }]) =>
      machine !== undefined && machine !== from && isBound(reads, stream.name)
    );
    const wantsAll = far.filter(([, { reads }]) =>
      reads.some(({ target, latest }) => target === stream.name && !latest)
    );
    const to = machinesOf(new Map(wantsAll));
    const latest = machinesOf(new Map(far)).filter((machine) => !to.includes(machine));
    return far.length === 0 ? [] : [{ stream, from, to, latest }];
  });
}

/** The machine that a pipeline's program is, and what crosses from or to it. */
export interface Cut {
  readonly machine: string;
  readonly machines: readonly string[];
  readonly crossings: readonly Crossing[];
}

/**
 * Cuts a declaration that was planned as a whole.
 *
 * @throws {DeclarationError} With all reasons why it cannot be cut, or has no part for `machine`.
 */
export function cutPipeline(declaration: Declaration, { machine, transport }: MachineOptions): Cut {
  const { name, tasks } = declaration;
  const machines = machinesOf(tasks);
  const problems = [...unlabelled(tasks), ...eventProblems(declaration), ...programProblems(declaration, machine!)];
  if (!machines.includes(machine!)) problems.unshift(unknownMachine(machine!, machines));
  const all = crossingsOf(declaration);
  const crossings = all.filter(({ from, to, latest }) => [from, ...to, ...latest].includes(machine!));
  if (crossings.length > 0 && !transport) {
    const streams = crossings.map(({ stream }) => `"${stream.name}"`).join(", ");
    problems.push(
      `nothing carries what crosses from or to it (${streams}): give a transport such as nats(url), on the command line --connect URL`,
    );
  }
  if (problems.length > 0) {
    throw new DeclarationError(`Cannot run machine "${machine}" of pipeline "${name}": ${problems.join("; ")}`);
  }
  return { machine: machine!, machines, crossings };
}

function unknownMachine(machine: string, machines: readonly string[]): string {
  const known = machines.map((label) => `"${label}"`).join(", ") || "none";
  return `no task that runs has this label, machines are ${known}${suggest(machine, machines)}`;
}

function unlabelled(tasks: Tasks): string[] {
  return Array.from(tasks.values()).filter(({ machine, mode }) => machine === undefined && mode !== "terminator")
    .map(({ name }) => `task "${name}" has no machine`);
}

/** Signals that come late or twice would open a gate once too often. */
function eventProblems({ events, tasks }: Declaration): string[] {
  return Array.from(events.keys()).flatMap((event) => {
    const bound = Array.from(tasks).filter(([, task]) =>
      isBound(task.gate ? [...task.events, task.gate] : task.events, event)
    );
    const machines = machinesOf(new Map(bound));
    if (machines.length < 2) return [];
    const labels = machines.map((label) => `"${label}"`).join(" and ");
    return [
      `event "${event}" is bound to tasks on ${labels}, and events cannot cross, since no machine can know at once what ` +
      "another has signalled or reset: carry a stream of commands instead",
    ];
  });
}

/** The program itself has no label: it can only be an end of what is on its machine alone. */
function programProblems({ tasks, opened }: Declaration, machine: string): string[] {
  const elsewhere = (kind: "stream" | "event", target: string) => {
    const bound = Array.from(tasks).filter(([, { reads, writes, events, gate }]) =>
      isBound(kind === "stream" ? [...reads, ...writes] : gate ? [...events, gate] : events, target)
    );
    return machinesOf(new Map(bound)).filter((label) => label !== machine);
  };
  const problem = (kind: "stream" | "event", deed: string) => (target: string) => {
    const [other] = elsewhere(kind, target);
    if (other === undefined) return [];
    return [`the program ${deed} ${kind} "${target}", which has tasks on "${other}": only tasks have a machine`];
  };
  return [
    ...Array.from(opened.reads).flatMap(problem("stream", "reads")),
    ...Array.from(opened.writes).flatMap(problem("stream", "writes")),
    ...Array.from(opened.events).flatMap(problem("event", "has opened")),
  ];
}

/** The tasks of one machine. Terminators are wherever one of their streams is. */
export function tasksOf(tasks: Tasks, machine: string): Tasks {
  const own = new Map(Array.from(tasks).filter(([, task]) => task.machine === machine));
  const isHere = (stream: string) =>
    Array.from(own.values()).some(({ reads, writes }) => isBound([...reads, ...writes], stream));
  for (const [name, task] of tasks) {
    if (task.mode !== "terminator") continue;
    const reads = task.reads.filter(({ target }) => isHere(target));
    if (reads.length > 0) own.set(name, { ...task, reads });
  }
  return own;
}

/** What is allowed, but probably not meant. */
export function carryWarnings({ streams, tasks }: Declaration): string[] {
  const crossing = new Set(crossingsOf({ streams, tasks }).map(({ stream }) => stream.name));
  return Array.from(streams.values()).filter(({ name, carry }) => carry && !crossing.has(name))
    .map(({ name }) => `stream "${name}" has carry, but all of its tasks are on one machine`);
}
