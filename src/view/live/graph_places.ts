/** Where in the drawing of a graph an event belongs. */

import type { EventParent, GraphEvent } from "../../graph/events.ts";
import type { Limiter } from "../../graph/limiter.ts";
import { internalsOf } from "../../graph/node_internals.ts";
import type { GraphNode } from "../../graph/node.ts";
import { type DrawableGraph, innerGraphs, prefixOf } from "../describe/describe_graph.ts";

/** A node of a graph, or of one that lies in it. */
export interface NodePlace {
  /** The id in the drawing. */
  readonly id: string;
  /** The way to it. */
  readonly name: string;
  readonly limiter: Limiter | undefined;
  /** What it runs, by the names of the graphs. */
  readonly inner: ReadonlyMap<string, GraphPlace>;
}

/** The nodes of a graph by name. */
export type GraphPlace = ReadonlyMap<string, NodePlace>;

/** The places of a graph's nodes. */
export function placesOf(graph: DrawableGraph, prefix = "node:"): GraphPlace {
  return new Map([...graph.nodes.values()].map((node) => [node.name, placeOf(node, `${prefix}${node.name}`)]));
}

function placeOf(node: GraphNode, id: string): NodePlace {
  const inner = innerGraphs(node).map(({ way, graph }) => [graph.name, placesOf(graph, prefixOf(id, way))] as const);
  const { limiter } = internalsOf(node)?.options ?? {};
  return { id, name: id.slice("node:".length), limiter, inner: new Map(inner) };
}

/** All nodes, with those within. */
export function* allPlaces(places: GraphPlace): Generator<NodePlace> {
  for (const place of places.values()) {
    yield place;
    for (const inner of place.inner.values()) yield* allPlaces(inner);
  }
}

/** The graph that an event comes from; `undefined` if it is not known. */
export function graphOf(
  places: GraphPlace,
  { graph, parent }: Pick<GraphEvent, "graph" | "parent">,
): GraphPlace | undefined {
  if (!parent) return places;
  return graphOf(places, parent)?.get(parent.node)?.inner.get(graph);
}

/** Which execution of the outermost graph an event belongs to. */
export function outermostRun({ run, parent }: { readonly run: number; readonly parent?: EventParent }): number {
  return parent ? outermostRun(parent) : run;
}
