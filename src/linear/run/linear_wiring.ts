/** Finds out where each input comes from, before anything runs. */

import { DeclarationError, UnknownNameError } from "../../errors.ts";
import { isConfigName, lookUpConfig } from "./config_path.ts";
import { suggest } from "../../suggest.ts";
import type { LinearRunOptions } from "../run_options.ts";
import type { LinearNode } from "../node.ts";

/** What a pipeline consists of. */
export interface Declaration {
  readonly name: string;
  readonly nodes: readonly LinearNode[];
  readonly config: unknown;
  readonly runtime: Readonly<Record<string, unknown>>;
}

/** Where an input comes from. */
export type Source =
  /** The configuration or a runtime constant: known from the beginning. */
  | { readonly kind: "config" | "runtime"; readonly name: string; readonly value: unknown }
  /** A node that runs before, in the same run. */
  | { readonly kind: "made"; readonly name: string; readonly by: LinearNode }
  /** An earlier run. */
  | { readonly kind: "kept"; readonly name: string };

/** A node of a run, with the sources of its inputs. */
export interface Step {
  readonly node: LinearNode;
  readonly inputs: readonly Source[];
}

/**
 * Checks what can be checked without knowing the cache.
 *
 * @throws {DeclarationError} If two nodes have one name, or two objects have.
 */
export function checkDeclaration({ name, nodes, runtime }: Declaration): void {
  const problems: string[] = [];
  const known = new Set<string>(), makers = new Map<string, LinearNode>();
  for (const node of nodes) {
    if (known.has(node.name)) {
      problems.push(`two nodes are named "${node.name}": give one of them the option name, or use namedPartial()`);
    }
    known.add(node.name);
    for (const output of node.outputs) {
      const other = makers.get(output);
      if (other) problems.push(`"${output}" is an output of both node "${other.name}" and node "${node.name}"`);
      if (Object.hasOwn(runtime, output)) {
        problems.push(`"${output}" is both a runtime constant and an output of node "${node.name}"`);
      }
      makers.set(output, node);
    }
  }
  for (const constant of Object.keys(runtime).filter(isConfigName)) {
    problems.push(`the runtime constant "${constant}" has a name of the configuration`);
  }
  refuse(`make pipeline "${name}"`, problems);
}

function refuse(action: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new DeclarationError(`Cannot ${action}: ${problems.join("; ")}`);
}

/**
 * Checks that no runtime constant has the name of an object in the cache.
 *
 * @throws {DeclarationError} If one has; `action` says what that prevents.
 */
export function checkCollisions(action: string, declaration: Declaration, persisted: ReadonlySet<string>): void {
  refuse(action, collisionsOf(declaration, persisted));
}

function collisionsOf({ runtime }: Declaration, persisted: ReadonlySet<string>): string[] {
  return Object.keys(runtime).filter((constant) => persisted.has(constant))
    .map((constant) => `"${constant}" is both a runtime constant and an object in the cache`);
}

/**
 * The steps of a run. `kept` has the names of what earlier runs have left, `persisted` those of them on the disk.
 *
 * @throws {UnknownNameError} If `from` or `to` is no node.
 * @throws {DeclarationError} If a name stands for two objects, or an input has no source.
 */
export function wire(
  declaration: Declaration,
  options: LinearRunOptions,
  kept: ReadonlySet<string>,
  persisted: ReadonlySet<string>,
): Step[] {
  const { name, nodes } = declaration;
  const problems = collisionsOf(declaration, persisted);
  const [first, last] = rangeOf(declaration, options);
  const made = new Map<string, LinearNode>();
  const steps: Step[] = [];
  for (let index = first; index <= last; index++) {
    const node = nodes[index];
    const inputs = node.inputs.map((input) => {
      const source = sourceOf(input, index, declaration, made, kept);
      if (typeof source !== "string") return source;
      problems.push(`node "${node.name}" needs "${input}": ${source}`);
    });
    steps.push({ node, inputs: inputs as Source[] });
    for (const output of node.outputs) made.set(output, node);
  }
  refuse(`run pipeline "${name}"`, problems);
  return steps;
}

function rangeOf(declaration: Declaration, { from, to }: LinearRunOptions): [number, number] {
  const { name, nodes } = declaration;
  const first = from === undefined ? 0 : nodes.indexOf(findNode(declaration, from));
  const last = to === undefined ? nodes.length - 1 : nodes.indexOf(findNode(declaration, to));
  if (first > last && nodes.length > 0) {
    throw new DeclarationError(`Cannot run pipeline "${name}" from node "${from}" to node "${to}", which is before it`);
  }
  return [first, last];
}

/**
 * The node of that name.
 *
 * @throws {UnknownNameError} If there is none.
 */
export function findNode({ name, nodes }: Declaration, wanted: string): LinearNode {
  const node = nodes.find((node) => node.name === wanted);
  if (node) return node;
  const near = typeof wanted === "string" ? suggest(wanted, nodes.map(({ name }) => name)) : "";
  throw new UnknownNameError(`Cannot find node ${Deno.inspect(wanted)} in pipeline "${name}"${near}`);
}

/** The source of an input of the node at `index`, or the reason why it has none. */
function sourceOf(
  name: string,
  index: number,
  { nodes, config, runtime }: Declaration,
  made: ReadonlyMap<string, LinearNode>,
  kept: ReadonlySet<string>,
): Source | string {
  if (isConfigName(name)) {
    const found = lookUpConfig(config, name);
    return "problem" in found ? found.problem : { kind: "config", name, value: found.value };
  }
  if (Object.hasOwn(runtime, name)) return { kind: "runtime", name, value: runtime[name] };
  const by = made.get(name);
  if (by) return { kind: "made", name, by };
  const maker = nodes.findIndex(({ outputs }) => outputs.includes(name));
  if (maker >= index) return `node "${nodes[maker].name}", which provides it, does not come before`;
  if (kept.has(name)) return { kind: "kept", name };
  if (maker === -1) {
    return `nobody provides it${suggest(name, [...made.keys(), ...Object.keys(runtime), ...kept, "config"])}`;
  }
  return `node "${nodes[maker].name}", which provides it, is left out of this run, and no earlier run has kept it`;
}
