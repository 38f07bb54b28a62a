/**
 * Pipelines that use the whole machine: every task runs in its own Deno Worker, and typed frames move between tasks
 * through lock-free rings in one shared WebAssembly memory.
 *
 * Declare streams and tasks on a {@link Pipeline}, then `run()` it. A task function gets a {@link Reader} for each stream
 * that it reads, a {@link Writer} for each that it writes, and a {@link TaskEvent} for each event.
 *
 * @example Start from the program itself
 * ```ts
 * import { Pipeline } from "@ringmill/ringmill";
 * import { deepEqual } from "node:assert/strict";
 *
 * await using pipe = new Pipeline("loop");
 * const samples = pipe.addStream("samples", { shape: [4], dtype: "float32" });
 * const writer = pipe.openWriter(samples);
 * const reader = pipe.openReader(samples);
 * await pipe.start();
 * await writer.writeAsync(Float32Array.of(1, 2, 3, 4));
 * writer.close();
 * for await (const frame of reader) deepEqual([...frame], [1, 2, 3, 4]);
 * ```
 *
 * @module
 */

import "./src/supported_runtime.ts";

export {
  DeclarationError,
  LifecycleError,
  PipelineFileError,
  type PipelineFilePlace,
  StoppedError,
  TaskError,
  type TaskErrorOptions,
  UnknownNameError,
} from "./src/errors.ts";
export { Pipeline, type PipelineOptions, type RunPipelineOptions } from "./src/pipeline/pipeline.ts";
export type { ProgramEnds } from "./src/pipeline/plan.ts";
export type { ReconstructOptions } from "./src/pipeline/reconstruct.ts";
export { LatestStream, StreamHandle, type StreamHandleOf, type StreamOptions } from "./src/pipeline/stream.ts";
export { EventHandle, type EventOptions } from "./src/pipeline/event.ts";
export type { CarryOptions, CommitPolicy, KeepPolicy, LostPeerPolicy, NewRunPolicy } from "./src/pipeline/carry.ts";
export type { Crossing, MachineOptions, MachineTransport } from "./src/pipeline/machines.ts";
export type { ControlMode, DeclaredBinding, TaskDeclaration } from "./src/pipeline/task.ts";
export type {
  AddedTask,
  AddTask,
  AddTaskOptions,
  Bindings,
  BindingsOf,
  BoundBy,
  CommonTaskOptions,
  ControlledTaskOptions,
  DecoratorOptions,
  DTypeBehind,
  EventsOf,
  ModuleReference,
  Needed,
  NotTaken,
  ParamsFor,
  ParamsOf,
  ReadsOf,
  TaskFunction,
  TaskFunctionFor,
  TaskOptions,
  TerminatorOptions,
  WritesOf,
} from "./src/pipeline/wiring.ts";
export { type AsyncReader, Reader } from "./src/ring/reader.ts";
export { type AsyncWriter, Writer } from "./src/ring/writer.ts";
export type { ReadableOptions } from "./src/ring/readable.ts";
export type { BytesChunk, PartialFrame, WritableOptions } from "./src/ring/writable.ts";
export { type AsyncTaskEvent, TaskEvent } from "./src/ring/task_event.ts";
export type { LookManyAsyncOptions, LookManyOptions, OwnedFrame, SharedFrame } from "./src/ring/frames.ts";
export { type Indexer, indexer, type IndexesOf } from "./src/ring/indexer.ts";
export {
  type ColumnNames,
  type ColumnTypes,
  type DType,
  type DTypeOf,
  type FrameArrays,
  type FrameOf,
  type FrameType,
  type FrameTypeName,
  NUMPY_CODES,
  type NumpyCode,
  type NumpyCodes,
} from "./src/ring/dtypes.ts";
export { select, type Selectable, selectAsync, type SelectOptions } from "./src/ring/select.ts";
export type { WaitOptions, WaitStrategy } from "./src/ring/waiting.ts";
export type { RingReader, RingWriter } from "./src/ring/ring.ts";
export type { RingEnd, RingView } from "./src/ring/ring_end.ts";
export { StreamEnd } from "./src/ring/stream_end.ts";
export type {
  EndMetrics,
  LinkFiguresNow,
  LinkMetrics,
  LinkState,
  MonitorOptions,
  Snapshot,
  StreamMetrics,
  TaskMetrics,
  TaskState,
  WaitingFor,
} from "./src/manager/metrics.ts";
export type { FailedFrameEnd, FailedFramePolicy, TaskRestart } from "./src/manager/restart.ts";
export { type DeadFrame, type DeadFrameOptions, DeadFrames } from "./src/manager/dead_frames.ts";
export type { AbandonedPolicy, TaskStateOptions } from "./src/manager/specs.ts";
export type { RestartPolicy } from "./src/worker/restart_policy.ts";
export { mapFrames, mapFramesAsync } from "./src/ring/map_frames.ts";
export type { TaskContext } from "./src/manager/task_context.ts";
export type { TaskPermissions } from "./src/worker/permitted_worker.ts";
export type { Dashboard } from "./src/view/live/dashboard.ts";
export type { DashboardOptions } from "./src/view/live/dashboard.ts";
export type { RunDashboardOptions } from "./src/view/live/run_options.ts";
