/** What a graph knows of a node and users need not. */

import type { Port } from "./execution/event_bus.ts";
import type { GraphNode } from "./wiring.ts";
import type { NodeOptions } from "./node_options.ts";

/** A graph, as its nodes know it. */
export interface NodeOwner {
  readonly name: string;
  /** A connection was made. */
  changed(): void;
  /** Somebody listens to the node. */
  watched(): void;
  /** Whether the graph is closed. */
  isClosed: boolean;
}

/** The inside of a node. */
export interface NodeInternals {
  readonly options: NodeOptions;
  /** The nodes that it is connected to. */
  readonly targets: Set<GraphNode>;
  /** How long its functions may go on after they were cancelled, if that is longer than the graph's own grace period. */
  graceMs: number;
  /** Whether the node itself waits for its limiter, for what it shares among calls. */
  limitsItself: boolean;
  owner: NodeOwner | undefined;
  /** Made when somebody asks for them. */
  input: Port | undefined;
  output: Port | undefined;
}

const INTERNALS = new WeakMap<GraphNode, NodeInternals>();

/** Makes the inside of a new node. */
export function addInternals(node: GraphNode, options: NodeOptions): void {
  INTERNALS.set(node, {
    options,
    targets: new Set(),
    graceMs: 0,
    limitsItself: false,
    owner: undefined,
    input: undefined,
    output: undefined,
  });
}

/** The inside of a node. */
export function internalsOf(node: GraphNode): NodeInternals {
  return INTERNALS.get(node)!;
}
