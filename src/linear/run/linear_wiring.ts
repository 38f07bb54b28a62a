/** Finds out where each input comes from, before anything runs. */

import { basename, dirname, isAbsolute, join, matchesGlob, normalize, relative, resolve } from "node:path";
import { DeclarationError } from "../../errors.ts";
import { suggest } from "../../suggest.ts";
import type { CodecTable } from "../cache/codec_table.ts";
import type { LinearNode } from "../node.ts";
import { rangeOf } from "../node_range.ts";
import type { LinearPlanOptions } from "../run_options.ts";
import { absolutePathOf, type FileOutput, type WorldInput } from "../world.ts";
import { isConfigName, lookUpConfig } from "./config_path.ts";
import { placeOf, Places } from "./place.ts";

/** What a pipeline consists of. */
export interface Declaration {
  readonly name: string;
  readonly nodes: readonly LinearNode[];
  readonly config: unknown;
  readonly runtime: Readonly<Record<string, unknown>>;
  readonly codecs: CodecTable;
}

/** Where an input comes from. */
export type Source =
  /** The configuration or a runtime constant: known from the beginning. */
  | { readonly kind: "config" | "runtime"; readonly name: string; readonly value: unknown }
  /** A node before. */
  | { readonly kind: "made"; readonly name: string; readonly by: LinearNode }
  /** Outside of the pipeline; nodes before may write some of its files. */
  | { readonly kind: "world"; readonly name: string; readonly input: WorldInput; readonly by: readonly WrittenFile[] };

/** A file that a node writes. */
export interface WrittenFile {
  readonly node: LinearNode;
  readonly output: FileOutput;
}

/** A node, with the sources of its inputs. */
export interface Step {
  readonly node: LinearNode;
  readonly inputs: readonly Source[];
  /** Whether the run leaves it out, as `from` says. */
  readonly isLeftOut: boolean;
  /** Why it cannot run: only for nodes that are left out. */
  readonly problem?: string;
}

/**
 * Checks what can be checked without knowing the cache.
 *
 * @throws {DeclarationError} If two nodes have one name, or two objects have.
 */
export function checkDeclaration({ name, nodes, runtime }: Declaration): void {
  const problems: string[] = [];
  const known = new Set<string>();
  const makers = new Map<string, LinearNode>();
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
  problems.push(...sharedFiles(nodes));
  for (const constant of Object.keys(runtime).filter(isConfigName)) {
    problems.push(`the runtime constant "${constant}" has a name of the configuration`);
  }
  refuse(`make pipeline "${name}"`, problems);
}

/** Files that are written twice, by whatever names: one output would be lost. */
function sharedFiles(nodes: readonly LinearNode[]): string[] {
  const problems: string[] = [];
  const writers = new Map<string, { readonly node: LinearNode; readonly output: FileOutput }>();
  for (const node of nodes) {
    for (const output of node.fileOutputs.values()) {
      const path = placeOf(absolutePathOf(output));
      const other = writers.get(path);
      // Of one name, that is told already.
      if (other && other.output.name !== output.name) {
        problems.push(
          `"${other.output.name}" of node "${other.node.name}" and "${output.name}" of node "${node.name}" are one file`,
        );
      }
      writers.set(path, { node, output });
    }
  }
  return problems;
}

/** Problems that are told at most. */
const MOST_PROBLEMS = 10;

/** Throws if there are problems. */
export function refuse(action: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  const more = problems.length - MOST_PROBLEMS;
  const told = problems.slice(0, MOST_PROBLEMS).join("; ");
  throw new DeclarationError(`Cannot ${action}: ${told}${more > 0 ? `; and ${more} more` : ""}`);
}

/**
 * Checks that no runtime constant has the name of an object in the cache.
 *
 * @throws {DeclarationError} If one has; `action` says what that prevents.
 */
export function checkCollisions(action: string, { runtime }: Declaration, persisted: ReadonlySet<string>): void {
  const names = Object.keys(runtime).filter((constant) => persisted.has(constant));
  const remedy = "; rename it, or clear() the cache";
  refuse(action, names.map((name) => `"${name}" is both a runtime constant and an object in the cache${remedy}`));
}

/**
 * The steps up to the last node of a run, with those that it leaves out. `problemOf` says whether an input from outside is
 * there.
 *
 * @throws {UnknownNameError} If `from` or `to` is no node.
 * @throws {DeclarationError} If an input has no source.
 */
export function wire(
  declaration: Declaration,
  options: LinearPlanOptions,
  problemOf: (input: WorldInput) => string | undefined,
): Step[] {
  const [first, last] = rangeOf(declaration, options);
  const wiring = new Wiring(declaration, problemOf);
  const steps = declaration.nodes.slice(0, last + 1).map((node, index) => wiring.step(node, index, index < first));
  refuse(
    `run pipeline "${declaration.name}"`,
    steps.flatMap(({ isLeftOut, problem }) => isLeftOut ? [] : problem ?? []),
  );
  return steps;
}

class Wiring {
  readonly #declaration: Declaration;
  readonly #problemOf: (input: WorldInput) => string | undefined;
  readonly #made = new Map<string, LinearNode>();
  readonly #written: WrittenFile[] = [];
  readonly #places = new Places();

  constructor(declaration: Declaration, problemOf: (input: WorldInput) => string | undefined) {
    this.#declaration = declaration;
    this.#problemOf = problemOf;
  }

  step(node: LinearNode, index: number, isLeftOut: boolean): Step {
    const inputs: Source[] = [];
    const problems: string[] = [];
    for (const name of node.inputs) {
      const source = this.#sourceOf(node, name, index);
      if (typeof source === "string") problems.push(`node "${node.name}" needs "${name}": ${source}`);
      else inputs.push(source);
    }
    for (const output of node.outputs) this.#made.set(output, node);
    for (const output of node.fileOutputs.values()) this.#written.push({ node, output });
    const problem = problems.length > 0 ? problems.join("; ") : undefined;
    return { node, inputs, isLeftOut, problem };
  }

  /** The source of an input of the node at `index`, or the reason why it has none. */
  #sourceOf(node: LinearNode, name: string, index: number): Source | string {
    const input = node.worldInputs.get(name);
    if (input) return this.#worldSource(input, index);
    const { config, runtime, nodes } = this.#declaration;
    if (isConfigName(name)) {
      const found = lookUpConfig(config, name);
      return "problem" in found ? found.problem : { kind: "config", name, value: found.value };
    }
    if (Object.hasOwn(runtime, name)) return { kind: "runtime", name, value: runtime[name] };
    const by = this.#made.get(name);
    if (by) return { kind: "made", name, by };
    const later = nodes.slice(index).find(({ outputs }) => outputs.includes(name));
    if (later) return `node "${later.name}", which provides it, does not come before`;
    return `nobody provides it${suggest(name, [...this.#made.keys(), ...Object.keys(runtime), "config"])}`;
  }

  #worldSource(input: WorldInput, index: number): Source | string {
    const by = this.#written.filter(({ output }) => isSameFile(input, output, this.#places));
    const later = this.#declaration.nodes.slice(index).find(({ fileOutputs }) =>
      [...fileOutputs.values()].some((output) => isSameFile(input, output, this.#places))
    );
    if (later && input.kind === "file") return `node "${later.name}", which writes it, does not come before`;
    const problem = by.length > 0 ? undefined : this.#problemOf(input);
    return problem ?? { kind: "world", name: input.name, input, by };
  }
}

function isSameFile(input: WorldInput, output: FileOutput, places: Places): boolean {
  const path = absolutePathOf(output);
  if (input.kind === "file") return places.of(absolutePathOf(input)) === places.of(path);
  if (input.kind !== "files") return false;
  const target = normalize(input.target);
  // Both seen from the current folder, whose name may look like a pattern itself.
  if (matchesGlob(isAbsolute(target) ? path : relative("", path), target)) return true;
  const folder = plainFolderOf(target);
  const isIn = (file: string) => matchesGlob(relative(places.of(resolve(folder)), file), relative(folder, target));
  return isIn(places.of(path)) || isIn(join(places.of(dirname(path)), basename(path)));
}

/** The last folder of a pattern that has no pattern in its path. */
function plainFolderOf(target: string): string {
  let folder = dirname(target);
  while (/[*?[{]/.test(folder)) folder = dirname(folder);
  return folder;
}
