/**
 * Linear pipelines, for batch jobs, feature engineering and reproducible data work: nodes with named inputs and outputs,
 * which run one after the other, with a cache on the disk, a history and drawings.
 *
 * @example
 * ```ts
 * import { LinearPipeline, LinearNode } from "@ringmill/ringmill/linear";
 * import { equal } from "node:assert/strict";
 *
 * function add(a: number, b: number) {
 *   return a + b;
 * }
 *
 * const pipeline = new LinearPipeline({
 *   name: "sum",
 *   nodes: [new LinearNode({ fn: add, inputs: ["x", "y"], outputs: ["sum"] })],
 *   runtime: { x: 2, y: 3 },
 *   quiet: true,
 * });
 * const { results } = await pipeline.run();
 * equal(results.sum, 5);
 * ```
 *
 * @module
 */

import "../supported_runtime.ts";

export { DeclarationError, LifecycleError, UnknownNameError } from "../errors.ts";
export { LinearNodeError, type LinearNodeErrorOptions } from "./errors.ts";
export { LinearNode, type LinearNodeFunction, type LinearNodeOptions } from "./node.ts";
export { namedPartial } from "./partial.ts";
export { LinearPipeline } from "./pipeline.ts";
export type { LinearPipelineOptions, LinearPipelineSettings } from "./settings.ts";
export {
  type AnyInputs,
  type AnyOutputs,
  type AnyResult,
  type Argument,
  type Arguments,
  type ConfigAt,
  type Fits,
  type FreshOutput,
  type KnownInput,
  type Made,
  type NearestPaths,
  type ObjectAt,
  type OtherNames,
  pipeline,
  type PipelineBuilder,
  type TypedNodeOptions,
  type TypedSettings,
} from "./builder.ts";
export { drawLinearText } from "./draw.ts";
export type { Placement, Registry } from "./registry.ts";
export type { HistoryEntry } from "./history.ts";
export type { NodeOutcome, RunReport } from "./report.ts";
export type { NodeExplanation } from "./explanation.ts";
export type { LinearNodeStatus } from "./explanation.ts";
export type { MemoryUse } from "./memory_use.ts";
export type { LinearPlanOptions, LinearRunOptions } from "./run_options.ts";
export { type ClassCodec, jsonCodec, type ValueCodec } from "./codec.ts";
export {
  clockInput,
  envInput,
  type FileContent,
  fileInput,
  FileOutput,
  fileOutput,
  type PathsOf,
  signalInput,
  WorldInput,
  type WorldKind,
} from "./world.ts";
export type {
  LinearEvent,
  LinearNodeEnded,
  LinearNodeFailed,
  LinearNodeStarted,
  LinearRunEnded,
  LinearRunStarted,
} from "./event.ts";
export { composePipelines, type ObjectsOfAll } from "./compose.ts";
export type { InNamespace, Renamed } from "./rename.ts";
export type { PruneOptions, PruneReport } from "./prune.ts";
