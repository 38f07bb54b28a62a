/** What a graph is made of, as lines that can be compared. */

import { fingerprint } from "../../fingerprint.ts";
import { type InnerGraph, internalsOf } from "../node_internals.ts";
import type { GraphNode } from "../wiring.ts";
import { quoted } from "./step_names.ts";

/** A graph's nodes and wiring, and a fingerprint of the functions of each node. */
export interface GraphShape {
  readonly lines: readonly string[];
  /** By node, with those of inner graphs. */
  readonly functions: ReadonlyMap<string, string>;
}

/** The shape of a graph as it is now. */
export function shapeOf(graph: InnerGraph): GraphShape {
  const lines: string[] = [];
  const functions = new Map<string, string>();
  addGraph(graph, "", lines, functions);
  return { lines, functions };
}

function addGraph(graph: InnerGraph, path: string, lines: string[], functions: Map<string, string>): void {
  const at = (name: string) => path === "" ? quoted(name) : `${path}/${quoted(name)}`;
  for (const name of graph.startNodes ?? []) lines.push(`start with "${at(name)}"`);
  for (const node of graph.nodes.values()) {
    const place = at(node.name);
    const { functions: own, inner, targets, chunkTargets } = internalsOf(node);
    lines.push(`node "${place}", a ${classNameOf(node)}${node.join ? `, join "${node.join}"` : ""}`);
    for (const target of targets) lines.push(`"${place}" -> "${at(target.name)}"`);
    for (const target of chunkTargets) lines.push(`chunks of "${place}" -> "${at(target.name)}"`);
    functions.set(place, fingerprint(own.map((fn) => fn && Function.prototype.toString.call(fn))));
    for (const [exit, graph] of inner) {
      addGraph(graph, exit === "" ? place : `${place}/${quoted(exit)}`, lines, functions);
    }
  }
}

function classNameOf(node: GraphNode): string {
  return node.constructor.name || "(anonymous class)";
}

/** What is in one list of lines and not in the other. */
export function differencesOf(before: readonly string[], now: readonly string[]): string[] {
  const old = new Set(before);
  const present = new Set(now);
  const gone = before.filter((line) => !present.has(line));
  const added = now.filter((line) => !old.has(line));
  return [...gone.map((line) => `- ${line}`), ...added.map((line) => `+ ${line}`)];
}
