/** A function with named inputs and outputs. */

import { DeclarationError } from "../errors.ts";
import { isConfigName } from "./run/config_path.ts";

/** A node's function: sync or async, with the node's inputs as its arguments. */
export type LinearNodeFunction = (...inputs: never[]) => unknown;

/** Options of a {@link LinearNode}. */
export interface LinearNodeOptions {
  /** Sync or async. Gets the inputs, in order, as its arguments. */
  fn: LinearNodeFunction;
  /**
   * The names of its inputs: `"config"`, a path into the configuration like `"config.model.depth"`, a runtime constant, or
   * an output of a node before it.
   *
   * @default []
   */
  inputs?: readonly string[];
  /**
   * The names of its outputs. One: what the function returns. Several: it returns an array of as many values, or an object
   * with just these keys. None: the node runs for what it does, and whatever it returns is dropped.
   *
   * @default []
   */
  outputs?: readonly string[];
  /** Its name, for messages, history and drawings; that of the function by default. */
  name?: string;
  /**
   * Whether to log how the function changes the memory of the process. `"worker"` runs it in a worker of its own, which
   * gives a clean figure; the function must then be an export of `module`.
   *
   * @default false
   */
  profile?: boolean | "worker";
  /** The module that exports the function, for `profile: "worker"`; the program's main module by default. */
  module?: ImportMeta | URL | string;
  /**
   * Anything that tells two versions of the function apart which its source text does not: helpers that it calls, values
   * that it captures. The node runs again when it has changed.
   */
  version?: unknown;
  /**
   * Inputs that do not count for the cache: a logger, a connection. The node does not run again for a change of these.
   *
   * @default []
   */
  ignore?: readonly string[];
}

/**
 * A function with named inputs and outputs: a step of a {@link LinearPipeline}.
 *
 * @example
 * ```ts
 * import { LinearNode } from "@ringmill/ringmill/linear";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * function add(a: number, b: number) {
 *   return a + b;
 * }
 *
 * const node = new LinearNode({ fn: add, inputs: ["x", "y"], outputs: ["sum"] });
 * equal(node.name, "add");
 * deepEqual(node.outputs, ["sum"]);
 * ```
 */
export class LinearNode {
  /** Its name. */
  readonly name: string;
  /** Its function. */
  readonly fn: LinearNodeFunction;
  /** The names of its inputs, in the order of the arguments. */
  readonly inputs: readonly string[];
  /** The names of its outputs. */
  readonly outputs: readonly string[];
  /** Whether its use of memory is logged, and where it runs for that. */
  readonly profile: boolean | "worker";
  /** The module that exports the function; for `profile: "worker"`. */
  readonly module: ImportMeta | URL | string | undefined;
  /** What counts as a version of the function, besides its source text. */
  readonly version: unknown;
  /** The inputs that do not count for the cache. */
  readonly ignore: readonly string[];

  /**
   * A node, which is checked as far as that can be done without the others.
   *
   * @throws {TypeError} If an option is of the wrong kind.
   * @throws {DeclarationError} If it has no name, an output twice, an output named like the configuration, or ignores
   *   what is no input.
   */
  constructor(options: LinearNodeOptions) {
    if (typeof options !== "object" || options === null) {
      throw new TypeError(`Cannot make a node: its options must be an object, received ${Deno.inspect(options)}`);
    }
    const { fn, inputs = [], outputs = [], profile = false, module, version, ignore = [] } = options;
    if (typeof fn !== "function") {
      throw new TypeError(`Cannot make a node: expected a function, received ${Deno.inspect(fn)}`);
    }
    // A function that is written in the place of this option is named for it.
    this.name = checkName(options.name ?? (fn.name === "fn" ? "" : fn.name));
    this.fn = fn;
    this.inputs = this.#names("inputs", inputs);
    this.outputs = this.#names("outputs", outputs);
    this.ignore = this.#names("ignore", ignore);
    if (profile !== true && profile !== false && profile !== "worker") {
      throw new TypeError(`${this.#cannot} profile must be a boolean or "worker", received ${Deno.inspect(profile)}`);
    }
    this.profile = profile;
    this.module = module;
    this.version = version;
    this.#check();
  }

  get #cannot(): string {
    return `Cannot make node "${this.name}":`;
  }

  #names(option: string, names: unknown): readonly string[] {
    if (Array.isArray(names) && names.every((name) => typeof name === "string" && name !== "")) return [...names];
    throw new TypeError(`${this.#cannot} ${option} must be an array of names, received ${Deno.inspect(names)}`);
  }

  #check(): void {
    const twice = this.outputs.find((name, index) => this.outputs.indexOf(name) !== index);
    if (twice !== undefined) throw new DeclarationError(`${this.#cannot} it has the output "${twice}" twice`);
    const reserved = this.outputs.find(isConfigName);
    if (reserved !== undefined) {
      throw new DeclarationError(`${this.#cannot} the output "${reserved}" has a name of the configuration`);
    }
    const stranger = this.ignore.find((name) => !this.inputs.includes(name));
    if (stranger !== undefined) {
      throw new DeclarationError(`${this.#cannot} it ignores "${stranger}", which is none of its inputs`);
    }
  }
}

function checkName(name: unknown): string {
  if (typeof name !== "string") {
    throw new TypeError(`Cannot make a node: its name must be a text, received ${Deno.inspect(name)}`);
  }
  if (name === "") {
    throw new DeclarationError("Cannot make a node: its function has no name of its own, give it the option name");
  }
  return name;
}
