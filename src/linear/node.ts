/** A function with named inputs and outputs. */

import { DeclarationError } from "../errors.ts";
import * as rules from "../rules.ts";
import { suggest } from "../suggest.ts";
import { copyOf } from "./cache/copy_value.ts";
import { checkCodec, CODEC_RULES, type ValueCodec } from "./codec.ts";
import { isConfigName } from "./run/config_path.ts";
import { FileOutput, WorldInput } from "./world.ts";

/** A node's function: sync or async, with the node's inputs as its arguments. */
export type LinearNodeFunction = (...inputs: never[]) => unknown;

/** Options of a {@link LinearNode}. */
export interface LinearNodeOptions {
  /** Sync or async. Gets the inputs, in order, as its arguments. */
  fn: LinearNodeFunction;
  /**
   * Its inputs: `"config"`, a path into the configuration like `"config.model.depth"`, a runtime constant, an output of a
   * node before it, each by name; or a file, an environment variable, the clock or a signal ({@link fileInput} and others).
   *
   * @default []
   */
  inputs?: readonly (string | WorldInput)[];
  /**
   * Its outputs: names, or files ({@link fileOutput}). One: what the function returns. Several: it returns an array of as
   * many values, or an object with just these keys. None: the node runs for what it does, and whatever it returns is
   * dropped.
   *
   * @default []
   */
  outputs?: readonly (string | FileOutput)[];
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
   * Whether the version alone tells two versions of the function apart, and its source text does not count: so that a comment
   * or a new format runs nothing again.
   *
   * @default false
   */
  ignoreSource?: boolean;
  /**
   * Inputs that do not count for the cache: a logger, a connection. The node does not run again for a change of these.
   *
   * @default []
   */
  ignore?: readonly string[];
  /**
   * Whether its outputs are kept in the cache. Without, the node always runs.
   *
   * @default true
   */
  cache?: boolean;
  /**
   * How old its outputs may be to be taken from the cache, in milliseconds.
   *
   * @default Infinity
   */
  maxAgeMs?: number;
  /** How its outputs are stored: a codec for a single output, or codecs by the names of outputs. */
  codec?: ValueCodec | Readonly<Record<string, ValueCodec>>;
  /**
   * Whether its outputs stay in memory after their last use, so that the run's results have them.
   *
   * @default false
   */
  keep?: boolean;
  /**
   * Inputs that it promises not to change: it gets these themselves, without a copy. `true` means all.
   *
   * @default false
   */
  share?: boolean | readonly string[];
  /**
   * Whether its outputs are resources, like a connection: one that is made anew from the same counts as what it was, whatever its
   * value, so that what was made with it need not be made again.
   *
   * @default false
   */
  resource?: boolean;
  /** Whether the history keeps its inputs and outputs; as the pipeline says by default. */
  trackHistory?: boolean;
}

const module: rules.Rule = {
  expected: "import.meta, a URL or a path",
  isKind: (value) => typeof value === "string" || typeof value === "object" && value !== null,
  isInRange: (value) => value !== "",
};

/** Options of a {@link LinearNode}. */
export const LINEAR_NODE_RULES = {
  fn: rules.callback,
  inputs: listOf(WorldInput, "an array of names and declared inputs"),
  outputs: listOf(FileOutput, "an array of names and file outputs"),
  name: rules.name,
  profile: rules.either(rules.boolean, rules.oneOf(["worker"])),
  module,
  version: rules.anything,
  ignoreSource: rules.boolean,
  ignore: rules.arrayOf(rules.name, "an array of names"),
  cache: rules.boolean,
  maxAgeMs: rules.duration,
  codec: rules.object,
  keep: rules.boolean,
  share: rules.either(rules.boolean, rules.arrayOf(rules.name, "an array of names")),
  resource: rules.boolean,
  trackHistory: rules.boolean,
};

// deno-lint-ignore no-explicit-any
function listOf(kind: abstract new (...args: any[]) => unknown, expected: string): rules.Rule {
  return rules.arrayOf(rules.either(rules.name, rules.instanceOf(kind, "")), expected);
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
  /** Its inputs from outside of the pipeline, by name. */
  readonly worldInputs: ReadonlyMap<string, WorldInput>;
  /** Its outputs that are files, by name. */
  readonly fileOutputs: ReadonlyMap<string, FileOutput>;
  /** Whether its use of memory is logged, and where it runs for that. */
  readonly profile: boolean | "worker";
  /** The module that exports the function; for `profile: "worker"`. */
  readonly module: ImportMeta | URL | string | undefined;
  /** What counts as a version of the function, besides its source text. */
  readonly version: unknown;
  /** Whether the source text does not count. */
  readonly ignoreSource: boolean;
  /** The inputs that do not count for the cache. */
  readonly ignore: readonly string[];
  /** Whether its outputs are kept in the cache. */
  readonly cache: boolean;
  /** How old its outputs may be to be taken from the cache, in milliseconds. */
  readonly maxAgeMs: number;
  /** Codecs by the names of outputs. */
  readonly codecs: Readonly<Record<string, ValueCodec>>;
  /** Whether its outputs stay in memory after their last use. */
  readonly keep: boolean;
  /** The inputs that it gets without a copy. */
  readonly share: readonly string[];
  /** Whether its outputs are resources. */
  readonly resource: boolean;
  /** Whether the history keeps its inputs and outputs; as the pipeline says if undefined. */
  readonly trackHistory: boolean | undefined;

  /**
   * A node, which is checked as far as that can be done without the others.
   *
   * @throws {TypeError} If an option is of the wrong kind, or there is none of that name.
   * @throws {RangeError} If a time is out of range.
   * @throws {DeclarationError} If it has no name, an output twice, an output named like the configuration, or ignores or
   *   shares what is no input.
   */
  constructor(options: LinearNodeOptions) {
    const { fn } = options ?? {};
    const name = nameOf(options);
    checkNodeOptions(name === "" ? "make a node" : `make node "${name}"`, options);
    if (name === "") {
      throw new DeclarationError("Cannot make a node: its function has no name of its own, give it the option name");
    }
    const { inputs = [], outputs = [], ignore = [], share = false, codec } = options;
    this.name = name;
    this.fn = fn;
    this.worldInputs = new Map(inputs.flatMap((input) => typeof input === "string" ? [] : [[input.name, input]]));
    this.fileOutputs = new Map(outputs.flatMap((output) => typeof output === "string" ? [] : [[output.name, output]]));
    this.inputs = inputs.map((input) => typeof input === "string" ? input : input.name);
    this.outputs = outputs.map((output) => typeof output === "string" ? output : output.name);
    this.ignore = [...ignore];
    this.share = share === true ? this.inputs : share === false ? [] : [...share];
    this.profile = options.profile ?? false;
    this.module = options.module;
    this.version = copyOf(options.version);
    this.ignoreSource = options.ignoreSource ?? false;
    this.cache = options.cache ?? true;
    this.maxAgeMs = options.maxAgeMs ?? Infinity;
    this.codecs = this.#codecsOf(codec);
    this.keep = options.keep ?? false;
    this.resource = options.resource ?? false;
    this.trackHistory = options.trackHistory;
    this.#check();
  }

  get #cannot(): string {
    return `Cannot make node "${this.name}":`;
  }

  /** A single codec is that of the single output. */
  #codecsOf(codec: LinearNodeOptions["codec"]): Readonly<Record<string, ValueCodec>> {
    if (codec === undefined) return {};
    const action = `make node "${this.name}"`;
    if (typeof codec.decode !== "function" || typeof codec.encode !== "function") {
      for (const [output, one] of Object.entries(codec)) checkCodec(`${action}, output "${output}"`, one, CODEC_RULES);
      return { ...codec } as Record<string, ValueCodec>;
    }
    checkCodec(action, codec, CODEC_RULES);
    if (this.outputs.length === 1) return { [this.outputs[0]]: codec as ValueCodec };
    throw new DeclarationError(
      `${this.#cannot} it has ${this.outputs.length} outputs; name those with codecs: { output: codec }`,
    );
  }

  #check(): void {
    const twice = this.outputs.find((name, index) => this.outputs.indexOf(name) !== index);
    if (twice !== undefined) throw new DeclarationError(`${this.#cannot} it has the output "${twice}" twice`);
    const reserved = this.outputs.find(isConfigName);
    if (reserved !== undefined) {
      throw new DeclarationError(`${this.#cannot} the output "${reserved}" has a name of the configuration`);
    }
    this.#expectAmong("ignores", this.ignore, "inputs", this.inputs);
    this.#expectAmong("shares", this.share, "inputs", this.inputs);
    this.#expectAmong("has a codec for", Object.keys(this.codecs), "outputs", this.outputs);
    if (this.ignoreSource && this.version === undefined) {
      throw new DeclarationError(
        `${this.#cannot} ignoreSource needs a version, by which a change of its function can be seen`,
      );
    }
  }

  #expectAmong(what: string, names: readonly string[], of: string, known: readonly string[]): void {
    const stranger = names.find((name) => !known.includes(name));
    if (stranger === undefined) return;
    throw new DeclarationError(
      `${this.#cannot} it ${what} "${stranger}", which is none of its ${of}${suggest(stranger, known)}`,
    );
  }
}

/** A function that is written in the place of the option `fn` is named for it. */
function nameOf(options: LinearNodeOptions | undefined): string {
  const { name, fn } = options ?? {};
  if (typeof name === "string" && name !== "") return name;
  return typeof fn === "function" && name === undefined && fn.name !== "fn" ? fn.name : "";
}

function checkNodeOptions(action: string, options: unknown): void {
  rules.checkOptions(action, options, LINEAR_NODE_RULES);
  rules.checkRule(action, "fn", rules.callback, (options as LinearNodeOptions).fn);
}
