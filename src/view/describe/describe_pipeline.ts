/** A pipeline, as a description to draw. */

import { formatFrames } from "../../ring/columns.ts";
import type { TaskRestart } from "../../manager/restart.ts";
import type { EventHandle } from "../../pipeline/event.ts";
import { type Crossing, crossingsOf, machinesOf } from "../../pipeline/machines.ts";
import { type LinkEnd, linkEnds } from "../../pipeline/links.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { StreamHandle } from "../../pipeline/stream.ts";
import type { DeclaredBinding, TaskDeclaration } from "../../pipeline/task.ts";
import type { ViewDescription, ViewEdge, ViewGroup, ViewNode } from "../description.ts";

/** What the program itself does with a stream is at one end of the drawing or the other. */
const PROGRAM_IN = "program:in";
const PROGRAM_OUT = "program:out";

/**
 * Describes what is declared, at any time in the life of a pipeline. The ids of its nodes are `task:<name>`,
 * `stream:<name>` and `event:<name>`; the program's own ends are `program:in` and `program:out`. What is bound but not
 * declared is shown as such.
 *
 * @example
 * ```ts
 * import { Pipeline } from "@ringmill/ringmill";
 * import { describePipeline } from "@ringmill/ringmill/view";
 * import { deepEqual } from "node:assert/strict";
 *
 * const pipe = new Pipeline("loop");
 * const samples = pipe.addStream("samples", { shape: [4], dtype: "float32" });
 * pipe.openWriter(samples);
 * pipe.addTask.terminator("nobody", { reads: { samples } });
 * deepEqual(describePipeline(pipe).edges, [
 *   { from: "program:in", to: "stream:samples" },
 *   { from: "stream:samples", to: "task:nobody" },
 * ]);
 * ```
 */
export function describePipeline(pipe: Pipeline): ViewDescription {
  const { opened } = pipe;
  const tasks = [...pipe.tasks.values()];
  const edges = [
    ...[...opened.writes].map((name): ViewEdge => ({ from: PROGRAM_IN, to: `stream:${name}` })),
    ...[...opened.events].map((name): ViewEdge => ({
      from: PROGRAM_IN,
      to: `event:${name}`,
      kind: "control",
      directed: false,
    })),
    ...tasks.flatMap(taskEdges),
    ...linkEnds(pipe).flatMap(linkEdges),
    ...[...opened.reads].map((name): ViewEdge => ({ from: `stream:${name}`, to: PROGRAM_OUT })),
  ];
  const { machine } = pipe;
  const machines = machine === undefined ? machinesOf(pipe.tasks) : [];
  const crossings = machine === undefined ? crossingsOf(pipe) : [];
  /** Where something is: of a stream, where it is written. */
  const placeOf = (bound: (task: TaskDeclaration) => readonly DeclaredBinding[], target: string) =>
    machines.length === 0 ? undefined : tasks.find((task) => isBound(bound(task), target))?.machine;
  const ends = ({ writes, reads }: TaskDeclaration) => [...writes, ...reads];
  const isHere = ({ name }: StreamHandle) =>
    machine === undefined || tasks.some((task) => isBound(ends(task), name)) || opened.reads.has(name) ||
    opened.writes.has(name);
  const declared = [
    ...tasks.map((task) => taskNode(task, machines.length > 0 ? task.machine : undefined)),
    ...[...pipe.streams.values()].filter(isHere).map((stream) =>
      streamNode(stream, crossings, placeOf(({ writes }) => writes, stream.name) ?? placeOf(ends, stream.name))
    ),
    ...[...pipe.events.values()].map((event) => eventNode(event, placeOf(eventsOf, event.name))),
    ...Array.from(new Set(linkEnds(pipe).flatMap(({ peers }) => peers)), peerNode),
  ];
  const known = new Set(declared.map(({ id }) => id));
  const others = new Set(edges.flatMap(({ from, to }) => [from, to]).filter((id) => !known.has(id)));
  const groups = machines.map((title): ViewGroup => ({ id: groupId(title), title }));
  const nodes = [...declared, ...[...others].map(otherNode)];
  return { title: pipe.name, nodes, edges: distinct(edges), ...groups.length > 0 && { groups } };
}

const isBound = (bindings: readonly DeclaredBinding[], name: string) => bindings.some(({ target }) => target === name);
const eventsOf = ({ events, gate }: TaskDeclaration) => gate ? [...events, gate] : events;

function taskNode(
  { name, mode, fn, exportName, gate, description, restart }: TaskDeclaration,
  machine: string | undefined,
): ViewNode {
  const called = exportName ?? fn?.name ?? "";
  const details = [
    ...called !== "" && called !== name && called !== "default" ? [`${called}()`] : [],
    ...mode === "switchable" ? [`while ${gate!.target}`] : mode === "toggleable" ? [`once per ${gate!.target}`] : [],
    ...mode === "terminator" ? ["terminator"] : [],
    ...restart ? [restartText(restart)] : [],
  ];
  return { id: `task:${name}`, kind: "task", title: name, details, description, ...groupOf(machine) };
}

/** What becomes of it when it fails. */
function restartText({ limit = 5, onFailedFrame = "retry" }: TaskRestart): string {
  const frame = typeof onFailedFrame === "string"
    ? onFailedFrame
    : `${onFailedFrame.then} after ${onFailedFrame.attempts}`;
  return `${limit === Infinity ? "" : `up to ${limit} `}restarts, ${frame}`;
}

const groupId = (machine: string) => `machine:${machine}`;
const groupOf = (machine: string | undefined) => machine === undefined ? {} : { group: groupId(machine) };

/** A stream is where it is written; one that crosses says where to. */
function streamNode(
  stream: StreamHandle,
  crossings: readonly Crossing[],
  machine: string | undefined,
): ViewNode {
  const { name, dtype, shape, frames, description } = stream;
  const crossing = crossings.find((each) => each.stream === stream);
  const readers = crossing ? [...crossing.to, ...crossing.latest.map((machine) => `${machine} (newest only)`)] : [];
  const details = [
    `${formatFrames({ dtype, shape })}, ${frames} ${frames === 1 ? "frame" : "frames"}`,
    ...readers.length > 0 ? [`carried to ${readers.join(", ")}`] : [],
  ];
  return { id: `stream:${name}`, kind: "data", title: name, details, description, ...groupOf(machine) };
}

function eventNode({ name, initialState, description }: EventHandle, machine: string | undefined): ViewNode {
  return {
    id: `event:${name}`,
    kind: "event",
    title: name,
    details: initialState ? ["open at the start"] : [],
    description,
    ...groupOf(machine),
  };
}

/** The program's ends, and what is bound but not declared. */
function otherNode(id: string): ViewNode {
  if (id === PROGRAM_IN || id === PROGRAM_OUT) return { id, kind: "program", title: "the program" };
  const kind = id.startsWith("event:") ? "event" : "data";
  return { id, kind, title: id.slice(id.indexOf(":") + 1), details: ["not declared"], status: "failed" };
}

/** The program, or programs, at the other end of a link. */
function peerNode(peer: string): ViewNode {
  return { id: groupId(peer), kind: "program", title: peer, details: ["another program"] };
}

function linkEdges({ task, way, peers }: LinkEnd): ViewEdge[] {
  return peers.map((peer) =>
    way === "out" ? { from: `task:${task}`, to: groupId(peer) } : { from: groupId(peer), to: `task:${task}` }
  );
}

function taskEdges({ name, mode, reads, writes, events, gate }: TaskDeclaration): ViewEdge[] {
  const task = `task:${name}`;
  // A terminator has no function, hence no names of its own.
  const label = ({ local, target }: DeclaredBinding) =>
    local === target || mode === "terminator" ? {} : { label: local };
  return [
    ...reads.map((binding): ViewEdge => ({ from: `stream:${binding.target}`, to: task, ...label(binding) })),
    ...writes.map((binding): ViewEdge => ({ from: task, to: `stream:${binding.target}`, ...label(binding) })),
    ...events.map((binding): ViewEdge => ({
      from: task,
      to: `event:${binding.target}`,
      kind: "control",
      directed: false,
      ...label(binding),
    })),
    ...gate ? [{ from: `event:${gate.target}`, to: task, kind: "control" } as const] : [],
  ];
}

/** A task may be bound to something twice: such edges get ids of their own. */
function distinct(edges: readonly ViewEdge[]): ViewEdge[] {
  const counts = new Map<string, number>();
  return edges.map((edge) => {
    const ends = `${edge.from} -> ${edge.to}`;
    const count = (counts.get(ends) ?? 0) + 1;
    counts.set(ends, count);
    return count === 1 ? edge : { ...edge, id: `${ends} (${count})` };
  });
}
