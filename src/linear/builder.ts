/** Declares a pipeline so that the editor knows its names and their types. */

import { LinearNode, type LinearNodeFunction, type LinearNodeOptions } from "./node.ts";
import { LinearPipeline } from "./pipeline.ts";
import type { LinearPipelineSettings } from "./settings.ts";
import type { FileContent, FileOutput, WorldInput } from "./world.ts";

/** The type of the part of a configuration that a path like `model.depth` leads to; never, if it leads nowhere. */
export type ConfigAt<Config, Path extends string> = Path extends `${infer Key}.${infer Rest}`
  ? Key extends keyof NonNullable<Config> ? ConfigAt<NonNullable<Config>[Key], Rest> : never
  : Path extends keyof NonNullable<Config> ? NonNullable<Config>[Path]
  : never;

/** Names and declared inputs. */
// deno-lint-ignore no-explicit-any
export type AnyInputs = readonly (string | WorldInput<any>)[];

/** Names and files. */
export type AnyOutputs = readonly (string | FileOutput)[];

/** The type of what a name stands for; never, if it stands for nothing. */
export type ObjectAt<Objects, Config, Name> = Name extends WorldInput<infer Value> ? Value
  : Name extends "config" ? Config
  : Name extends `config.${infer Path}` ? ConfigAt<Config, Path>
  : Name extends keyof Objects ? Objects[Name]
  : never;

/** What a function gets for a name. Of an unknown name, which is an error by itself, anything. */
// deno-lint-ignore no-explicit-any
export type Argument<Objects, Config, Name> = [ObjectAt<Objects, Config, Name>] extends [never] ? any
  : ObjectAt<Objects, Config, Name>;

/** The arguments that a node's function gets. The detour by `infer` has errors show the arguments instead of this name. */
export type Arguments<Objects, Config, Inputs extends AnyInputs> = Inputs extends infer Names extends AnyInputs
  ? { -readonly [Index in keyof Names]: Argument<Objects, Config, Names[Index]> }
  : never;

/**
 * What a configuration path should have been, where a part of it leads nowhere: the paths that lead on from there, or the
 * path up to a value without parts.
 */
export type NearestPaths<Config, Path extends string, Before extends string = "config"> = Config extends object
  ? Path extends `${infer Key}.${infer Rest}`
    ? Key extends keyof Config & string ? NearestPaths<NonNullable<Config[Key]>, Rest, `${Before}.${Key}`>
    : `${Before}.${keyof Config & string}`
  : `${Before}.${keyof Config & string}`
  : Before;

/** A name that can be taken, and those that it may have been meant to be, if it stands for nothing. */
export type KnownInput<Objects, Config, Name> = [ObjectAt<Objects, Config, Name>] extends [never]
  ? Name extends `config.${infer Path}`
    ? [NonNullable<Config>] extends [never] ? "There is no configuration" : NearestPaths<NonNullable<Config>, Path>
  : (keyof Objects & string) | "config"
  : Name;

/** The names in a list of outputs, but for the one at an index. */
export type OtherNames<Outputs extends AnyOutputs, Index> = {
  [Other in keyof Outputs]: Other extends Index ? never : Outputs[Other];
}[number];

/** An output's name if nothing else has it, or a text that says that it is taken. */
export type FreshOutput<Objects, Outputs extends AnyOutputs, Index extends keyof Outputs> = Outputs[Index] extends
  infer Name extends string ? Name extends keyof Objects | OtherNames<Outputs, Index> ? `${Name} is taken` : Name
  : Outputs[Index];

/** What a node adds to the names of the pipeline. */
export type Made<Outputs extends AnyOutputs, Result> = Outputs extends readonly [] | readonly [FileOutput] ? unknown
  : Outputs extends readonly [infer Name extends string] ? { [Key in Name]: Result }
  : Result extends readonly unknown[] ? {
      [Index in keyof Outputs as Index extends `${number}` ? Extract<Outputs[Index], string> : never]: number extends
        Result["length"] ? Result[number] : Result[Index & keyof Result];
    }
  : Pick<Result, Extract<Outputs[number], string> & keyof Result>;

/**
 * Whether what a function returns can be taken apart into these outputs. Any object may: the compiler asks before it knows
 * what a function in place returns.
 */
export type Fits<Outputs extends AnyOutputs, Result> = [object] extends [Result] ? true
  : Outputs extends readonly [FileOutput] ? Result extends FileContent ? true : false
  : Outputs["length"] extends 0 | 1 ? true
  : Result extends readonly unknown[]
    ? (number extends Result["length"] ? true : Result["length"] extends Outputs["length"] ? true : false)
  : FileOutput extends Outputs[number] ? true
  : [Exclude<keyof Result, Outputs[number]>, Exclude<Outputs[number], keyof Result>] extends [never, never] ? true
  : false;

/** What a node's function may return. The tuple has the compiler see `[a, b]` as one, not as an array. */
export type AnyResult = [] | object | string | number | bigint | boolean | symbol | null | undefined | void;

/** Options of a node of a {@link PipelineBuilder}: those of a {@link LinearNode}, typed. */
export interface TypedNodeOptions<
  Objects,
  Config,
  Inputs extends AnyInputs,
  Outputs extends AnyOutputs,
  Result,
> extends Omit<LinearNodeOptions, "fn" | "inputs" | "outputs"> {
  /** Sync or async. Gets the inputs, in order, as its arguments. */
  fn: (...inputs: Arguments<Objects, Config, Inputs>) => Result;
  /** The names of its inputs. */
  inputs?: { readonly [Index in keyof Inputs]: KnownInput<Objects, Config, Inputs[Index]> };
  /** The names of its outputs. */
  outputs?: Fits<Outputs, Awaited<Result>> extends true
    ? { readonly [Index in keyof Outputs]: FreshOutput<Objects, Outputs, Index> }
    : "The function returns other values than these outputs";
}

/** A pipeline that is being declared. `Objects` has the types of all names so far, `Config` that of the configuration. */
export interface PipelineBuilder<Objects extends object, Config> {
  /**
   * The same pipeline with one node more. A name that nobody provides, a function that does not fit its inputs, and an
   * output that is there already are errors of the type check.
   *
   * @throws {TypeError} If an option is of the wrong kind.
   * @throws {DeclarationError} If the node is declared wrongly.
   */
  node<
    const Inputs extends AnyInputs = [],
    const Outputs extends AnyOutputs = [],
    Result extends AnyResult = AnyResult,
  >(
    options: TypedNodeOptions<Objects, Config, Inputs, Outputs, Result>,
  ): PipelineBuilder<Objects & Made<Outputs, Awaited<Result>>, Config>;
  /**
   * The pipeline. Settings given here take precedence.
   *
   * @throws {DeclarationError} If a name stands for two nodes or two objects.
   */
  build(settings?: Partial<Omit<LinearPipelineSettings, "config" | "runtime">>): LinearPipeline<Objects>;
}

/** Settings of a typed pipeline. */
export interface TypedSettings<Runtime, Config> extends Omit<LinearPipelineSettings, "config" | "runtime"> {
  /** The configuration. */
  config?: Config;
  /** Runtime constants by name. */
  runtime?: Runtime;
}

/**
 * Begins a pipeline whose names and types are checked in the editor: each node can take the configuration, the runtime
 * constants, and the outputs of the nodes before it.
 *
 * @example
 * ```ts
 * import { pipeline } from "@ringmill/ringmill/linear";
 * import { equal } from "node:assert/strict";
 *
 * const features = pipeline({ name: "sums", config: { scale: 10 }, runtime: { data: [1, 2, 3] }, quiet: true })
 *   .node({ name: "sum", fn: (data) => data.reduce((a, b) => a + b), inputs: ["data"], outputs: ["total"] })
 *   .node({ name: "scale", fn: (total, by) => total * by, inputs: ["total", "config.scale"], outputs: ["scaled"] })
 *   .build();
 * const { results } = await features.run();
 * const scaled: number = results.scaled;
 * equal(scaled, 60);
 * ```
 */
export function pipeline<Runtime extends object = Record<never, never>, Config = undefined>(
  settings: TypedSettings<Runtime, Config>,
): PipelineBuilder<Runtime, Config> {
  return withNodes(settings as LinearPipelineSettings, []);
}

function withNodes<Objects extends object, Config>(
  settings: LinearPipelineSettings,
  nodes: readonly LinearNode[],
): PipelineBuilder<Objects, Config> {
  return {
    node: ({ fn, ...options }) => {
      const { inputs, outputs } = options as Pick<LinearNodeOptions, "inputs" | "outputs">;
      return withNodes(settings, [
        ...nodes,
        new LinearNode({ ...options, fn: fn as LinearNodeFunction, inputs, outputs }),
      ]);
    },
    build: (more) => new LinearPipeline<Objects>({ ...settings, ...more, nodes }),
  };
}
