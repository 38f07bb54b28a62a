/** Checks a graph and compiles it: nodes become numbered entries that point at each other. */

import { DeclarationError } from "../../errors.ts";
import { internalsOf, type NodeInternals } from "../node_internals.ts";
import type { GraphNode } from "../node.ts";
import { type CallOptions, completeOptions, type NodeOptions } from "../node_options.ts";

/** A node, as executions see it. */
export interface PlannedNode {
  /** Its place in the plan's nodes. */
  readonly index: number;
  readonly name: string;
  readonly node: GraphNode;
  readonly internals: NodeInternals;
  /** How it is called; `null` if plainly. */
  readonly call: CallOptions | null;
  readonly isEach: boolean;
  readonly isAll: boolean;
  /** Whether it is called with those of its inputs that have arrived. */
  readonly isArrived: boolean;
  /** How many arrivals, or calls, it waits for. */
  waitsFor: number;
  /** Where its inputs come from, in the order in which those nodes were added. */
  readonly sources: PlannedNode[];
  /** The calls that wait for its output. */
  readonly next: Unit[];
  /** The calls that it takes: one, or one for each input. */
  readonly units: Unit[];
  /** The node whose chunks it takes as they come. */
  chunkSource: PlannedNode | undefined;
  /** The calls that take its chunks: they are due when it begins. */
  readonly chunkNext: Unit[];
}

/** One call of a node. */
export interface Unit {
  readonly node: PlannedNode;
  /** Where its input comes from; `null` for the graph's input, or all sources together. */
  readonly source: PlannedNode | null;
  /** Which of the node's calls it is. */
  readonly slot: number;
}

/** A graph, ready to be executed. */
export interface Plan {
  readonly nodes: readonly PlannedNode[];
  /** The names of the nodes whose chunks others take. */
  readonly feeding: ReadonlySet<string>;
  /** By node: its place in the plan. */
  readonly indexes: ReadonlyMap<GraphNode, number>;
  /** The calls that an execution begins with. */
  readonly starts: readonly Unit[];
  /** What an execution begins with, to copy. */
  readonly blank: {
    readonly status: readonly number[];
    readonly times: readonly number[];
    readonly values: readonly unknown[];
    readonly outputs: Readonly<Record<string, unknown>>;
  };
}

/** A graph, as it was declared. */
export interface Declaration {
  readonly name: string;
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly starts: ReadonlySet<GraphNode>;
  /** Options of nodes that do not say otherwise. */
  readonly defaults: NodeOptions;
  /** Whether it is a part of a graph, whose nodes are connected to others. */
  readonly isPart?: boolean;
}

function planNode(node: GraphNode, index: number, defaults: NodeOptions): PlannedNode {
  const internals = internalsOf(node);
  const call = completeOptions(`compile node "${node.name}"`, internals.options, defaults);
  const isEach = node.join === "each";
  const isArrived = node.join === "arrived";
  return {
    index,
    waitsFor: 1,
    isEach,
    call,
    node,
    next: [],
    name: node.name,
    internals,
    isAll: isArrived || node.join === "all",
    isArrived,
    sources: [],
    units: [],
    chunkSource: undefined,
    chunkNext: [],
  };
}

/** The part of a graph that the output of one node needs. */
export function partFor(node: GraphNode, { nodes, starts, ...rest }: Declaration): Declaration {
  const sources = new Map<GraphNode, GraphNode[]>();
  for (const from of nodes.values()) {
    const { targets, chunkTargets } = internalsOf(from);
    for (const to of [...targets, ...chunkTargets]) {
      const known = sources.get(to);
      if (known) known.push(from);
      else sources.set(to, [from]);
    }
  }
  const needed = new Set([node]);
  // A set is iterated in the order of insertion, what is added meanwhile too.
  for (const one of needed) for (const from of sources.get(one) ?? []) needed.add(from);
  const isNeeded = (one: GraphNode) => needed.has(one);
  return {
    ...rest,
    nodes: new Map([...nodes].filter(([, one]) => isNeeded(one))),
    starts: new Set([...starts].filter(isNeeded)),
    isPart: true,
  };
}

/**
 * Compiles a graph.
 *
 * @throws {DeclarationError} If it cannot run; the message has all problems.
 */
export function planGraph(declaration: Declaration): Plan {
  const planned = new Map(
    [...declaration.nodes.values()].map((node, index) => [node, planNode(node, index, declaration.defaults)]),
  );
  const nodes = [...planned.values()];
  const problems: string[] = [];
  for (const from of nodes) {
    const { targets, chunkTargets } = from.internals;
    for (const target of [...targets, ...chunkTargets]) {
      const to = planned.get(target);
      if (to && chunkTargets.has(target)) to.chunkSource = from;
      if (to) to.sources.push(from);
      else if (!declaration.isPart) {
        problems.push(`node "${from.name}" is connected to "${target.name}", which is not in the graph`);
      }
    }
  }
  const starts = new Set([...declaration.starts].map((node) => planned.get(node)!));
  // Not spread: there may be more of them than a call takes arguments.
  const found = [problems, startProblems(nodes, starts), nodes.flatMap(joinProblems), nodes.flatMap(inputProblems)];
  const cycle = findCycle(nodes);
  if (cycle) found.push([`${drawCycle(cycle)} is a cycle`]);
  else if (starts.size > 0) found.push(reachProblems(nodes, starts));
  const all = found.flat();
  if (all.length > 0) throw new DeclarationError(`Cannot compile graph "${declaration.name}": ${listOf(all, "; ")}`);
  return link(nodes, starts);
}

/** The most problems, or nodes of a cycle, that a message has. */
const MOST_LISTED = 20;

function listOf(texts: readonly string[], separator: string): string {
  const left = texts.length - MOST_LISTED;
  if (left <= 1) return texts.join(separator);
  return [...texts.slice(0, MOST_LISTED - 1), `(${left} more)`, texts.at(-1)].join(separator);
}

function drawCycle(cycle: readonly PlannedNode[]): string {
  return listOf(cycle.map(({ name }) => `"${name}"`), " -> ");
}

function startProblems(nodes: readonly PlannedNode[], starts: ReadonlySet<PlannedNode>): string[] {
  if (nodes.length === 0) return ["it has no nodes"];
  if (starts.size === 0) return ["it has no start node: name one with setStartNode()"];
  const inner = [...starts].filter(({ sources }) => sources.length > 0);
  return inner.map(({ name, sources }) => `start node "${name}" has an input, from node "${sources[0].name}"`);
}

/** What the function of a node expects that is not there, or the other way round. */
function inputProblems({ name, internals, sources, isAll }: PlannedNode): string[] {
  const { inputs } = internals.options;
  if (!inputs) return [];
  if (!isAll) return [`node "${name}" names its inputs and does not join them: set join to "all" or "arrived"`];
  const found = sources.map(({ name }) => name);
  const missing = inputs.filter((input) => !found.includes(input));
  const further = found.filter((source) => !(inputs as readonly string[]).includes(source));
  return [
    ...missing.map((input) => `node "${name}" expects an input from "${input}", which is not connected to it`),
    ...further.map((source) => `node "${name}" expects no input from "${source}", which is connected to it`),
  ];
}

function joinProblems({ name, node, sources, chunkSource }: PlannedNode): string[] {
  if (chunkSource && sources.length > 1) {
    return [`node "${name}" takes the chunks of node "${chunkSource.name}", and can have no other input`];
  }
  if (chunkSource && (node.join || chunkSource.isEach)) {
    return [`node "${name}" takes the chunks of node "${chunkSource.name}": neither can join several inputs`];
  }
  if (sources.length < 2 || node.join) return [];
  return [
    `node "${name}" has ${sources.length} inputs and does not say how to join them: set join to "each", "all" or "arrived"`,
  ];
}

function reachProblems(nodes: readonly PlannedNode[], starts: ReadonlySet<PlannedNode>): string[] {
  const reached = new Set(starts);
  const targets = targetsOf(nodes);
  // A set is iterated in the order of insertion, what is added meanwhile too.
  for (const { index } of reached) for (const to of targets[index]) reached.add(to);
  return nodes.filter((node) => !reached.has(node)).map(({ name }) =>
    `node "${name}" is not connected to a start node`
  );
}

/** A cycle, from a node back to itself, or `null`. */
function findCycle(nodes: readonly PlannedNode[]): PlannedNode[] | null {
  const missing = nodes.map(({ sources }) => sources.length);
  const targets = targetsOf(nodes);
  const order = nodes.filter(({ sources }) => sources.length === 0);
  for (const { index } of order) for (const to of targets[index]) if (--missing[to.index] === 0) order.push(to);
  if (order.length === nodes.length) return null;
  // Each node that is left has a source that is left: to walk up from it must lead into a circle.
  const passed = new Set<PlannedNode>();
  let at = nodes.find(({ index }) => missing[index] > 0)!;
  while (!passed.has(at)) {
    passed.add(at);
    at = at.sources.find(({ index }) => missing[index] > 0)!;
  }
  const path = [...passed];
  return [...path.slice(path.indexOf(at)), at].reverse();
}

function targetsOf(nodes: readonly PlannedNode[]): PlannedNode[][] {
  const targets: PlannedNode[][] = nodes.map(() => []);
  for (const to of nodes) for (const from of to.sources) targets[from.index].push(to);
  return targets;
}

function link(nodes: readonly PlannedNode[], starts: ReadonlySet<PlannedNode>): Plan {
  for (const node of nodes) {
    node.waitsFor = Math.max(1, node.sources.length);
    const calls = node.isEach ? node.waitsFor : 1;
    for (let slot = 0; slot < calls; slot++) {
      node.units.push({ node, source: node.isAll ? null : node.sources[slot] ?? null, slot });
    }
    if (node.chunkSource) {
      node.chunkSource.chunkNext.push(node.units[0]);
      continue;
    }
    for (const [slot, from] of node.sources.entries()) {
      from.next.push(node.units[node.isEach ? slot : 0]);
    }
  }
  const blank = {
    status: nodes.map(() => 0),
    times: nodes.map(() => NaN),
    values: nodes.map(() => undefined),
    outputs: Object.fromEntries(nodes.map(({ name }) => [name, undefined])),
  };
  const indexes = new Map(nodes.map(({ node, index }) => [node, index]));
  const feeding = new Set(nodes.filter(({ chunkNext }) => chunkNext.length > 0).map(({ name }) => name));
  return { nodes, feeding, indexes, starts: [...starts].map(({ units }) => units[0]), blank };
}
