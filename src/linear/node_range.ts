/** The nodes that a run is about, by their names. */

import { DeclarationError, UnknownNameError } from "../errors.ts";
import { suggest } from "../suggest.ts";
import type { LinearNode } from "./node.ts";
import type { LinearPlanOptions } from "./run_options.ts";

/** A pipeline, as far as its nodes go. */
interface NodesInOrder {
  readonly name: string;
  readonly nodes: readonly LinearNode[];
}

/**
 * The places of the first and the last node.
 *
 * @throws {UnknownNameError} If `from` or `to` is no node.
 * @throws {DeclarationError} If the last comes before the first.
 */
export function rangeOf(pipeline: NodesInOrder, { from, to }: LinearPlanOptions): [first: number, last: number] {
  const { name, nodes } = pipeline;
  const first = from === undefined ? 0 : nodes.indexOf(findNode(pipeline, from));
  const last = to === undefined ? nodes.length - 1 : nodes.indexOf(findNode(pipeline, to));
  if (first > last && nodes.length > 0) {
    throw new DeclarationError(`Cannot run pipeline "${name}" from node "${from}" to node "${to}", which is before it`);
  }
  return [first, last];
}

/**
 * The nodes that are to run in any case.
 *
 * @throws {UnknownNameError} If there is no such node.
 * @throws {DeclarationError} If one of them is left out.
 */
export function forcedNodes(pipeline: NodesInOrder, options: LinearPlanOptions): readonly LinearNode[] {
  const [first, last] = rangeOf(pipeline, options);
  const { force = false } = options;
  const nodes = pipeline.nodes.slice(first, last + 1);
  if (typeof force === "boolean") return force ? nodes : [];
  return [force].flat().map((name) => {
    const node = findNode(pipeline, name);
    if (nodes.includes(node)) return node;
    throw new DeclarationError(
      `Cannot force node "${name}" of pipeline "${pipeline.name}": it is left out of this run`,
    );
  });
}

function findNode({ name, nodes }: NodesInOrder, wanted: string): LinearNode {
  const node = nodes.find((node) => node.name === wanted);
  if (node) return node;
  const maker = nodes.find(({ outputs }) => outputs.includes(wanted));
  const hint = maker
    ? `; node "${maker.name}" makes the output of that name`
    : suggest(wanted, nodes.map(({ name }) => name));
  throw new UnknownNameError(`Cannot find node "${wanted}" in pipeline "${name}"${hint}`);
}
