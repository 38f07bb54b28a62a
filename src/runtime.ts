/**
 * The layer below `Pipeline`: rings of raw bytes, and tasks wired by hand. Drop to it for custom orchestration, raw rings,
 * or experiments with their semantics; it does not check the topology.
 *
 * @example
 * ```ts
 * import { Manager } from "@ringmill/ringmill/runtime";
 * import { equal } from "node:assert/strict";
 *
 * await using manager = new Manager("bytes");
 * manager.addRing({ name: "chunks", bytes: 1000 });
 * const writer = manager.openWriter("chunks");
 * const reader = manager.openReader("chunks");
 * await manager.start();
 * writer.write(new Uint8Array(600));
 * equal(reader.readInto(new Uint8Array(600)), true);
 * writer.write(new Uint8Array(600));
 * const [beforeWrap, afterWrap] = reader.look(600)!;
 * equal(beforeWrap.length, 400);
 * equal(afterWrap.length, 200);
 * ```
 *
 * @module
 */

import "./supported_runtime.ts";

export { Manager, type ManagerOptions, type ManagerState } from "./manager/manager.ts";
export type { AbandonedPolicy, EventSpec, RingSpec, TaskSpec } from "./manager/specs.ts";
export type { ActivationMode } from "./manager/specs.ts";
export type { TaskPermissions } from "./worker/permitted_worker.ts";
export type { TaskContext } from "./manager/task_context.ts";
export { DeclarationError, LifecycleError, StoppedError, TaskError, UnknownNameError } from "./errors.ts";
export { RingReader, RingWriter } from "./ring/ring.ts";
export { RingEnd, type RingView } from "./ring/ring_end.ts";
export type { StreamEnd } from "./ring/stream_end.ts";
export { select, type Selectable, selectAsync, type SelectOptions } from "./ring/select.ts";
export type { FrameDescription } from "./ring/description.ts";
export type { WaitOptions, WaitStrategy } from "./ring/waiting.ts";
export type { ColumnTypes, DType, FrameType } from "./ring/dtypes.ts";
export type { Reader } from "./ring/reader.ts";
export type { Writer } from "./ring/writer.ts";
export type { AsyncTaskEvent, TaskEvent } from "./ring/task_event.ts";
