/** What a graph knows of a node and users need not. */

import { LifecycleError } from "../errors.ts";
import type { Port } from "./execution/event_bus.ts";
import type { GraphNode } from "./wiring.ts";
import type { NodeOptions } from "./node_options.ts";

/** A graph, as its nodes know it. */
export interface NodeOwner {
  readonly name: string;
  /** The node that the graph is part of, if it is a part of one. */
  holder?: string;
  /** A connection was made. */
  changed(): void;
  /** Somebody listens to the node. */
  watched(): void;
  /** Whether the graph is closed. */
  isClosed: boolean;
}

/** A graph that lies in a node. */
export interface InnerGraph {
  readonly name: string;
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly startNodes?: readonly string[];
}

/** The inside of a node. */
export interface NodeInternals {
  readonly options: NodeOptions;
  /** The nodes that it is connected to. */
  readonly targets: Set<GraphNode>;
  /** The nodes that take its chunks as they come. */
  readonly chunkTargets: Set<GraphNode>;
  /** How long its functions may go on after they were cancelled, if that is longer than the graph's own grace period. */
  graceMs: number;
  /** Whether the node itself waits for its limiter, for what it shares among calls. */
  limitsItself: boolean;
  /** What decides what it puts out. */
  functions: readonly unknown[];
  /** Graphs that it runs, by the way to them: the only one has no name. */
  inner: ReadonlyMap<string, InnerGraph>;
  /** Takes the inputs that it holds and no execution can carry on any more. Returns how many of them are lost. */
  takeLost: (() => number) | undefined;
  owner: NodeOwner | undefined;
  /** Made when somebody asks for them. */
  input: Port | undefined;
  output: Port | undefined;
}

const NO_GRAPHS: ReadonlyMap<string, InnerGraph> = new Map();
const INTERNALS = new WeakMap<GraphNode, NodeInternals>();

/** Makes the inside of a new node. */
export function addInternals(node: GraphNode, options: NodeOptions): void {
  INTERNALS.set(node, {
    options,
    targets: new Set(),
    chunkTargets: new Set(),
    graceMs: 0,
    limitsItself: false,
    functions: [],
    inner: NO_GRAPHS,
    takeLost: undefined,
    owner: undefined,
    input: undefined,
    output: undefined,
  });
}

/** Has functions count as those of a node. */
export function addFunctions(node: GraphNode, ...functions: unknown[]): void {
  const internals = internalsOf(node);
  internals.functions = [...internals.functions, ...functions];
}

/** Has nodes and those of graphs within them take what they have lost. Returns what there is to say of that. */
export function takeLost(nodes: Iterable<GraphNode>, seen: Set<GraphNode> = new Set()): Error[] {
  const errors: Error[] = [];
  for (const node of nodes) {
    if (seen.has(node)) continue;
    seen.add(node);
    const { takeLost: take, inner } = internalsOf(node);
    const count = take?.() ?? 0;
    if (count > 0) errors.push(lostInputs(node.name, count));
    for (const graph of inner.values()) errors.push(...takeLost(graph.nodes.values(), seen));
  }
  return errors;
}

/** Says that a node held inputs until nobody could carry them on. */
export function lostInputs(node: string, count: number): LifecycleError {
  const inputs = count === 1 ? "1 input" : `${count} inputs`;
  return new LifecycleError(
    `Node "${node}" has lost ${inputs}: the input that came last and should have carried them on was cancelled`,
  );
}

/** The inside of a node. */
export function internalsOf(node: GraphNode): NodeInternals {
  return INTERNALS.get(node)!;
}
