/** A graph of async nodes, as a description to draw. */

import type { Graph } from "../../graph/graph.ts";
import type { GraphNode } from "../../graph/node.ts";
import type { PipelineTiming } from "../../graph/run.ts";
import { formatDuration } from "../../units.ts";
import type { Figure, Figures, ViewDescription, ViewEdge, ViewGroup, ViewNode } from "../description.ts";

/** What is drawn of a graph. Its types do not matter for that. */
export type DrawableGraph = Pick<Graph, "name" | "nodes" | "edges" | "startNodes">;

/** What is known of an execution of a graph. */
export type ExecutedGraph = DrawableGraph & Pick<Graph, "getPipelineTiming">;

/** Where executions begin. */
const INPUT: ViewNode = { id: "program:in", kind: "program", title: "the program" };

/**
 * Describes the nodes of a graph and their connections, at any time. The ids of its nodes are `node:<name>`; the program,
 * from which the input comes, is `program:in`. What a `SubgraphNode` or `LoopNode` runs is in a frame of its own, where the ids
 * begin with that node's: `node:<name>/<inner name>`; so is each exit of a `RouterNode`: `node:<name>/<exit>/<inner name>`.
 *
 * @example
 * ```ts
 * import { Graph, Node } from "@ringmill/ringmill/graph";
 * import { describeGraph } from "@ringmill/ringmill/view";
 * import { deepEqual } from "node:assert/strict";
 *
 * const clean = new Node("clean", (text: string) => text.trim());
 * const words = new Node("words", (text: string) => text.split(" "));
 * clean.connect(words);
 * const graph = new Graph("text", { nodes: [clean, words], start: clean });
 * deepEqual(describeGraph(graph).edges, [
 *   { from: "program:in", to: "node:clean" },
 *   { from: "node:clean", to: "node:words" },
 * ]);
 * ```
 */
export function describeGraph(graph: DrawableGraph): ViewDescription {
  const inside = describeInside(graph, "node:", undefined);
  const starts = graph.startNodes.map((name): ViewEdge => ({ from: INPUT.id, to: `node:${name}` }));
  return {
    title: graph.name,
    nodes: starts.length === 0 ? inside.nodes : [INPUT, ...inside.nodes],
    edges: [...starts, ...inside.edges],
    groups: inside.groups,
  };
}

type Inside = Required<Pick<ViewDescription, "nodes" | "edges" | "groups">>;

/** `prefix` is that of the ids; `group` is the frame around it all. */
function describeInside({ nodes, edges }: DrawableGraph, prefix: string, group: string | undefined): Inside {
  const own = {
    nodes: [...nodes.values()].map((node) => describeNode(node, `${prefix}${node.name}`, group)),
    edges: edges.map(({ from, to, isOfChunks }): ViewEdge => {
      return { from: prefix + from, to: prefix + to, ...isOfChunks && { label: "chunks" } };
    }),
    groups: [] as ViewGroup[],
  };
  const inner = [...nodes.values()].flatMap((node) =>
    innerGraphs(node).map(({ way, graph }) => describeInner(graph, `${prefix}${node.name}`, way, group))
  );
  const all = [own, ...inner];
  return {
    nodes: all.flatMap(({ nodes }) => nodes),
    edges: all.flatMap(({ edges }) => edges),
    groups: all.flatMap(({ groups }) => groups),
  };
}

/** What a node runs, in a frame of its own. */
function describeInner(graph: DrawableGraph, id: string, way: string, group: string | undefined): Inside {
  const prefix = prefixOf(id, way);
  const frame = `graph of ${prefix.slice(0, -1)}`;
  const calls = graph.startNodes.map((name): ViewEdge => ({
    from: id,
    to: `${prefix}${name}`,
    kind: "control",
    directed: false,
    ...way !== "" && { label: way },
  }));
  const inside = describeInside(graph, prefix, frame);
  const title = graph.name;
  return { ...inside, edges: [...calls, ...inside.edges], groups: [{ id: frame, title, group }, ...inside.groups] };
}

function describeNode(node: GraphNode, id: string, group: string | undefined): ViewNode {
  const { name, join, description } = node;
  const kind = node.constructor.name;
  const details = [...kind === "Node" ? [] : [kind], ...JOINS[join ?? "each"]];
  return { id, kind: "task", title: name, details, description, group };
}

/** How a node waits for several inputs, where that is not for each by itself. */
const JOINS = { each: [], all: ["waits for all"], arrived: ["takes what arrives"] } as const;

/** What the ids of an inner graph begin with. */
export function prefixOf(id: string, way: string): string {
  return way === "" ? `${id}/` : `${id}/${way}/`;
}

/** A graph that a node runs, and the way to it: none if it is the only one, the exit's name in a `RouterNode`. */
export interface InnerGraph {
  readonly way: string;
  readonly graph: ExecutedGraph;
}

/** The graphs that a node runs. Also those of another copy of this package. */
export function innerGraphs(node: GraphNode): InnerGraph[] {
  const { graph, exits } = node as Partial<RunningNode>;
  if (exits instanceof Map) return Array.from(exits, ([way, graph]) => ({ way, graph }));
  return graph?.nodes instanceof Map ? [{ way: "", graph }] : [];
}

/** A node that runs others. */
interface RunningNode {
  readonly graph: ExecutedGraph;
  readonly exits: ReadonlyMap<string, ExecutedGraph>;
}

/**
 * What the latest execution of a graph says about the nodes of its description: their statuses, how long they took where
 * that was noted, and how often they were tried. Figures of `timing` are about another execution: a {@link GraphRun} has them.
 *
 * @example
 * ```ts
 * import { Graph, Node } from "@ringmill/ringmill/graph";
 * import { describeGraph, describeGraphFigures, drawText } from "@ringmill/ringmill/view";
 * import { match } from "node:assert/strict";
 *
 * const clean = new Node("clean", (text: string) => text.trim());
 * const graph = new Graph("text", { nodes: [clean], start: clean });
 * await graph.execute(" to be ");
 * match(await drawText(describeGraph(graph), { figures: describeGraphFigures(graph) }), /✓ completed/);
 * ```
 */
export function describeGraphFigures(
  graph: ExecutedGraph,
  timing: PipelineTiming = graph.getPipelineTiming(),
): Figures {
  return { nodes: Object.fromEntries(figuresInside(graph, timing, "node:")) };
}

function figuresInside(graph: ExecutedGraph, timing: PipelineTiming, prefix: string): [string, Figure][] {
  return [...graph.nodes.values()].flatMap((node): [string, Figure][] => {
    const id = `${prefix}${node.name}`;
    const inner = innerGraphs(node).flatMap(({ way, graph }) =>
      figuresInside(graph, graph.getPipelineTiming(), prefixOf(id, way))
    );
    return [[id, nodeFigure(timing[node.name])], ...inner];
  });
}

/** Before the first execution, nothing is known. */
function nodeFigure({ status, durationMs, attempts }: Partial<PipelineTiming[string]> = {}): Figure {
  const time = typeof durationMs === "number" ? [formatDuration(durationMs)] : [];
  const tries = attempts && attempts > 1 ? [`${attempts} attempts`] : [];
  return { status: status ?? "pending", lines: [...time, ...tries] };
}
