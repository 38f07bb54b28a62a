/** A pipeline, as a description to draw. */

import { formatDType } from "../../ring/columns.ts";
import type { EventHandle } from "../../pipeline/event.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { StreamHandle } from "../../pipeline/stream.ts";
import type { DeclaredBinding, TaskDeclaration } from "../../pipeline/task.ts";
import type { ViewDescription, ViewEdge, ViewNode } from "../description.ts";

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
    ...[...opened.reads].map((name): ViewEdge => ({ from: `stream:${name}`, to: PROGRAM_OUT })),
  ];
  const declared = [
    ...tasks.map(taskNode),
    ...[...pipe.streams.values()].map(streamNode),
    ...[...pipe.events.values()].map(eventNode),
  ];
  const known = new Set(declared.map(({ id }) => id));
  const others = new Set(edges.flatMap(({ from, to }) => [from, to]).filter((id) => !known.has(id)));
  return { title: pipe.name, nodes: [...declared, ...[...others].map(otherNode)], edges: distinct(edges) };
}

function taskNode({ name, mode, fn, exportName, gate, description }: TaskDeclaration): ViewNode {
  const called = exportName ?? fn?.name ?? "";
  const details = [
    ...called !== "" && called !== name && called !== "default" ? [`${called}()`] : [],
    ...mode === "switchable" ? [`while ${gate!.target}`] : mode === "toggleable" ? [`once per ${gate!.target}`] : [],
    ...mode === "terminator" ? ["terminator"] : [],
  ];
  return { id: `task:${name}`, kind: "task", title: name, details, description };
}

function streamNode({ name, dtype, shape, frames, description }: StreamHandle): ViewNode {
  const details = [`${formatDType(dtype)}[${shape.join("×")}], ${frames} ${frames === 1 ? "frame" : "frames"}`];
  return { id: `stream:${name}`, kind: "data", title: name, details, description };
}

function eventNode({ name, initialState, description }: EventHandle): ViewNode {
  return {
    id: `event:${name}`,
    kind: "event",
    title: name,
    details: initialState ? ["open at the start"] : [],
    description,
  };
}

/** The program's ends, and what is bound but not declared. */
function otherNode(id: string): ViewNode {
  if (id === PROGRAM_IN || id === PROGRAM_OUT) return { id, kind: "program", title: "the program" };
  const kind = id.startsWith("event:") ? "event" : "data";
  return { id, kind, title: id.slice(id.indexOf(":") + 1), details: ["not declared"], status: "failed" };
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
