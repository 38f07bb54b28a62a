/** What a linear pipeline is declared with, and the checks of it. */

import { DeclarationError } from "../errors.ts";
import * as rules from "../rules.ts";
import { sourceIdentityOf } from "./cache/identity.ts";
import { checkCodec, CLASS_CODEC_RULES, type ClassCodec } from "./codec.ts";
import type { LinearEvent } from "./event.ts";
import { LinearNode } from "./node.ts";
import { partialOf } from "./partial.ts";

/** Options of a {@link LinearPipeline}, besides its nodes. */
export interface LinearPipelineSettings {
  /** Its name, for messages, drawings, and the file of its cache. No two pipelines of a folder should have the same. */
  name: string;
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
   * The file for that, an SQLite database, beside which large values lie in a folder. It and its folder are made if need be.
   *
   * @default `.cache/NAME.db` beside `module`
   */
  cachePath?: string | URL;
  /**
   * The module beside which the cache is: `import.meta` where the pipeline is declared.
   *
   * @default the program's main module
   */
  module?: ImportMeta | URL | string;
  /**
   * How many bytes of values the cache keeps. At the end of a run, the least recently used go.
   *
   * @default 10_000_000_000
   */
  maxBytes?: number;
  /**
   * How long the cache keeps a value that no run uses, in milliseconds.
   *
   * @default 2_592_000_000, 30 days
   */
  maxUnusedMs?: number;
  /** How objects of certain classes are copied and stored, wherever they are in a value. */
  codecs?: readonly ClassCodec[];
  /**
   * Whether the history keeps copies of all inputs and outputs. Figures are kept in any case.
   *
   * @default false
   */
  trackHistory?: boolean;
  /** Stops each run before its next node. A node that is running comes to its end, unless it takes `signalInput()`. */
  signal?: AbortSignal;
  /** Is told when a run and its nodes begin, end and fail. What it throws is reported and does no harm. */
  onEvent?: (event: LinearEvent) => void;
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

/** What is kept by default. */
export const DEFAULT_LIMITS = { maxBytes: 10e9, maxUnusedMs: 30 * 86_400_000 };

/** Limits of a cache. */
export const CACHE_LIMIT_RULES = { maxBytes: rules.countOrInfinity(0), maxUnusedMs: rules.duration };

/** Settings of a {@link LinearPipeline}. */
export const LINEAR_SETTING_RULES = {
  ...CACHE_LIMIT_RULES,
  name: rules.name,
  config: rules.anything,
  runtime: rules.object,
  usePersistentCache: rules.boolean,
  cachePath: rules.pathOrUrl,
  module: rules.either(rules.pathOrUrl, rules.object),
  codecs: rules.arrayOf(rules.object, "an array of codecs"),
  trackHistory: rules.boolean,
  signal: rules.signal,
  onEvent: rules.callback,
  quiet: rules.boolean,
};

/** Options of `LinearPipeline.inNamespace()`. */
export const NAMESPACE_RULES = { shared: rules.arrayOf(rules.name, "an array of names") };

/** Options of a {@link LinearPipeline}. */
export const LINEAR_PIPELINE_RULES = {
  ...LINEAR_SETTING_RULES,
  nodes: rules.arrayOf(rules.instanceOf(LinearNode, ""), "an array of LinearNode"),
};

/**
 * Checks the options of a pipeline.
 *
 * @throws {TypeError} If one is of the wrong kind, or there is none of that name.
 * @throws {RangeError} If one is out of range.
 */
export function checkSettings(options: LinearPipelineOptions): void {
  const action = "make a pipeline";
  rules.checkOptions(action, options, LINEAR_PIPELINE_RULES);
  rules.checkName(action, options.name);
  const named = `make pipeline "${options.name}"`;
  rules.checkRule(named, "nodes", LINEAR_PIPELINE_RULES.nodes, options.nodes);
  for (const codec of options.codecs ?? []) checkCodec(`${named}, a codec`, codec, CLASS_CODEC_RULES);
  if (options.cachePath !== undefined && !options.usePersistentCache) {
    throw new DeclarationError(`Cannot ${named}: it has a cachePath, but does not set usePersistentCache`);
  }
}

/** @throws {DeclarationError} If changes of a node's function, or of its version, would not be noticed. */
export function checkSource({ name, fn, version }: LinearNode): void {
  let inner: unknown = fn;
  for (let partial = partialOf(fn); partial; partial = partialOf(partial.fn)) inner = partial.fn;
  const ofVersion = sourceIdentityOf(version);
  if ("obstacle" in ofVersion) {
    throw new DeclarationError(
      `Cannot cache the outputs of node "${name}": a change of its version cannot be seen: ${ofVersion.obstacle}`,
    );
  }
  if (version !== undefined || !Function.prototype.toString.call(inner).includes("[native code]")) return;
  throw new DeclarationError(
    `Cannot cache the outputs of node "${name}": its function is bound or native, so that changes of its source cannot be ` +
      "seen; use an arrow function or namedPartial(), or give the node a version",
  );
}
