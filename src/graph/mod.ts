/**
 * A graph of async nodes in one program: branches, joins, batches, caches, workers, retries, and streams.
 *
 * A {@link Node} is a name and a function. {@link Node.connect} sends its output to another node, a {@link Graph} executes
 * them, and reports the status of each.
 *
 * @example
 * ```ts
 * import { Graph, Node } from "@ringmill/ringmill/graph";
 * import { deepEqual } from "node:assert/strict";
 *
 * const clean = new Node("clean", (text: string) => text.trim().toLowerCase());
 * const tokenize = new Node("tokenize", (text: string) => text.split(/\s+/));
 * clean.connect(tokenize);
 *
 * const graph = new Graph("text", { nodes: [clean, tokenize], start: clean });
 * deepEqual(await graph.execute("Hello World!"), { clean: "hello world!", tokenize: ["hello", "world!"] });
 * ```
 *
 * @module
 */

import "../supported_runtime.ts";

export { Graph, type GraphEdge, type GraphOptions, type NodeDefaults } from "./graph.ts";
export type { ExecuteOptions, KeptRunOptions, OutputOptions, ResumeOptions } from "./execute_options.ts";
export { type Emitted, type GraphNode, Node, type NodeFunction } from "./node.ts";
export { RunContext } from "./run_context.ts";
export { SchemaError } from "./schema_error.ts";
export type { StandardIssue, StandardResult, StandardSchema } from "../standard_schema.ts";
export type { NodeContext } from "./node_context.ts";
export type { NodeOptions, RetryOptions } from "./node_options.ts";
export {
  Limiter,
  type LimiterOptions,
  type LimiterRunOptions,
  LimitExceededError,
  type RateOptions,
} from "./limiter.ts";
export { retryAfterMs } from "./retry_after.ts";
export { NodeError, type NodeErrorOptions } from "./node_error.ts";
export type { Dashboard, DashboardOptions } from "../view/live/dashboard.ts";
export type { RunDashboardOptions } from "../view/live/run_options.ts";
export { GraphRun, type NodeTiming, type PipelineStatus, type PipelineTiming, type YieldingNode } from "./run.ts";
export type { EventOrigin, EventParent, GraphEvent, NodeStatus, RunOutcome } from "./events.ts";
export type { GraphResults, GraphStreamOptions, StreamItem } from "./stream.ts";
export type { StreamSource, Subscribable } from "./stream_source.ts";
export { type BatchFunction, BatchNode, type BatchNodeOptions } from "./nodes/batch_node.ts";
export { FlatMapNode, type FlatMapNodeOptions, type PartNode, type SplitFunction } from "./nodes/flat_map_node.ts";
export { WindowNode, type WindowNodeOptions } from "./nodes/window_node.ts";
export { FilterNode, type Predicate } from "./nodes/filter_node.ts";
export {
  type ChunkCacheOptions,
  type ChunkFunction,
  StreamingNode,
  type StreamingNodeOptions,
} from "./nodes/streaming_node.ts";
export type { RunChunk } from "./run_chunk.ts";
export { sortedKeys } from "./nodes/cache_keys.ts";
export { CachedNode, type CachedNodeOptions, type CacheStats } from "./nodes/cached_node.ts";
export type { CheckpointStore, ClaimedRun, ClaimOptions } from "./stores/checkpoint_store.ts";
export type { KeptRun } from "./kept_run.ts";
export { RunBusyError, RunChangedError, type RunInterrupt, RunInterruptedError } from "./run_errors.ts";
export { type CacheEntry, type CacheStore, MemoryStore, type MemoryStoreOptions } from "./stores/cache_store.ts";
export { SqliteStore, type SqliteStoreOptions } from "./stores/sqlite_store.ts";
export { type RedisClient, RedisStore, type RedisStoreOptions } from "./stores/redis_store.ts";
export { type ParallelFunction, ParallelNode, type ParallelNodeOptions } from "./nodes/parallel_node.ts";
export { type ExitOutput, type RouterExits, RouterNode, type RouterNodeOptions } from "./nodes/router_node.ts";
export { type LoopBody, LoopNode, type LoopNodeOptions } from "./nodes/loop_node.ts";
export { type OutputNode, type Subgraph, SubgraphNode, type SubgraphNodeOptions } from "./nodes/subgraph_node.ts";
export {
  type AcceptedBy,
  type AnyNodeTypes,
  type Arrival,
  type ArrivalsOf,
  type Inlet,
  type JoinMode,
  type NodeTypes,
  type OptionalNames,
  type OutputOf,
  type PartialResultsOf,
  type ResultsOf,
  SKIPPED,
  type Skipped,
  type StartingNode,
} from "./wiring.ts";
export { type PoolRunOptions, WorkerPool, type WorkerPoolOptions } from "../pool/worker_pool.ts";
export type { CallContext } from "../pool/call_context.ts";
export type { ModuleReference } from "../worker/module_url.ts";
export type { ExportTarget } from "../worker/export_target.ts";
export type { TaskPermissions } from "../worker/permitted_worker.ts";
export { DeclarationError, LifecycleError, StoppedError, TaskError, UnknownNameError } from "../errors.ts";
