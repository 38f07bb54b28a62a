/** What a linear pipeline is declared with, and the checks of it. */

import { DeclarationError } from "../errors.ts";
import { LinearNode } from "./node.ts";
import { partialOf } from "./partial.ts";

/** Options of a {@link LinearPipeline}, besides its nodes. */
export interface LinearPipelineSettings {
  /**
   * Its name, for messages and drawings.
   *
   * @default "pipeline"
   */
  name?: string;
  /** The configuration: nodes take it whole as `"config"`, or a part of it as `"config.a.b"`. */
  config?: unknown;
  /** Runtime constants by name: data, connections, whatever is not in the configuration. A run takes them as they are. */
  runtime?: Readonly<Record<string, unknown>>;
  /**
   * Whether outputs are kept on the disk, for later runs.
   *
   * @default false
   */
  usePersistentCache?: boolean;
  /**
   * The file for that, an SQLite database. It and its folder are made if need be.
   *
   * @default ".cache/pipeline.db"
   */
  cachePath?: string | URL;
  /**
   * Whether to remember each call of a node with copies of its inputs and outputs.
   *
   * @default false
   */
  trackHistory?: boolean;
  /** Stops a run before its next node. A node that is running comes to its end. */
  signal?: AbortSignal;
  /**
   * Whether runs show nothing on the terminal. Warnings and what `profile` logs are shown all the same.
   *
   * @default false
   */
  quiet?: boolean;
}

/** Options of a {@link LinearPipeline}. */
export interface LinearPipelineOptions extends LinearPipelineSettings {
  /** The nodes, in the order in which they run. */
  nodes: readonly LinearNode[];
}

/** @throws {TypeError} If an option is of the wrong kind. */
export function checkSettings(options: LinearPipelineOptions): void {
  const cannot = "Cannot make a pipeline:";
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${cannot} its options must be an object, received ${Deno.inspect(options)}`);
  }
  const { nodes, name, runtime, cachePath, signal } = options;
  const check = (isRight: boolean, what: string, received: unknown) => {
    if (!isRight) throw new TypeError(`${cannot} ${what}, received ${Deno.inspect(received)}`);
  };
  check(
    Array.isArray(nodes) && nodes.every((node) => node instanceof LinearNode),
    "nodes must be an array of LinearNode",
    nodes,
  );
  check(name === undefined || (typeof name === "string" && name !== ""), "its name must be a text", name);
  check(
    runtime === undefined || (typeof runtime === "object" && runtime !== null),
    "runtime must be an object",
    runtime,
  );
  const isPath = cachePath === undefined || cachePath instanceof URL ||
    (typeof cachePath === "string" && cachePath !== "");
  check(isPath, "cachePath must be a path or URL", cachePath);
  check(signal === undefined || signal instanceof AbortSignal, "signal must be an AbortSignal", signal);
}

/** @throws {DeclarationError} If a node's function does not show its source text, so that no change would be noticed. */
export function checkSource({ name, fn, version }: LinearNode): void {
  let inner: unknown = fn;
  for (let partial = partialOf(fn); partial; partial = partialOf(partial.fn)) inner = partial.fn;
  if (version !== undefined || !Function.prototype.toString.call(inner).includes("[native code]")) return;
  throw new DeclarationError(
    `Cannot cache the outputs of node "${name}": its function is bound or native, so that changes of its source cannot be ` +
      "seen; use an arrow function or namedPartial(), or give the node a version",
  );
}
