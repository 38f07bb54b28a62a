/**
 * Ring kernels: actors in workers, which send each other messages through queues in shared memory.
 *
 * Define types of messages by {@link message} and kernels by {@link ringKernel}, at the top level of a module; launch and
 * activate them on a {@link RingKernelRuntime}.
 *
 * @example
 * ```ts
 * import { message, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";
 * import { deepEqual } from "node:assert/strict";
 *
 * const RawData = message<{ values: number[] }>("RawData");
 * const Normalized = message<{ values: number[] }>("Normalized");
 *
 * const normalize = ringKernel(
 *   { id: "normalize", module: import.meta, input: RawData, output: Normalized },
 *   async (ctx) => {
 *     for await (const raw of ctx) {
 *       const max = Math.max(...raw.values);
 *       await ctx.send(Normalized({ values: raw.values.map((v) => v / max) }, { correlationId: raw.messageId }));
 *     }
 *   },
 * );
 *
 * // Each worker imports this module too, and must not launch anything then.
 * if (import.meta.main) {
 *   await using runtime = new RingKernelRuntime({ telemetry: true });
 *   await runtime.launch("normalize", normalize);
 *   await runtime.activate("normalize");
 *   await runtime.send("normalize", RawData({ values: [1, 2, 4] }));
 *   deepEqual((await runtime.receive("normalize", { timeoutMs: 5000 })).values, [0.25, 0.5, 1]);
 * }
 * ```
 *
 * @module
 */

import "../supported_runtime.ts";

export { type LaunchPoolOptions, RingKernelRuntime, type RingKernelRuntimeOptions } from "./runtime.ts";
export {
  type AnyRingKernel,
  type Backpressure,
  type Both,
  type ForBoth,
  type KernelFunction,
  type KernelPlace,
  type RestartOptions,
  type RingKernel,
  ringKernel,
  type RingKernelOptions,
  type RingKernelSettings,
} from "./ring_kernel.ts";
export type {
  ContextFor,
  KernelChild,
  KernelContext,
  KernelPeers,
  KernelRuntime,
  LaunchOptions,
  ReceivedFrom,
  TerminateOptions,
} from "./kernel_context.ts";
export type { WaitOptions } from "../ring/waiting.ts";
export { type DeadLetter, DeadLetters } from "./dead_letters.ts";
export { type DeactivateOptions, KernelHandle } from "./kernel_handle.ts";
export { type ForwardedMessage, type TestContext, testContext, type TestContextOptions } from "./test_context.ts";
export { KernelPool } from "./kernel_pool.ts";
export type { KernelLink, KernelUse } from "./kernel_link.ts";
export type { KernelState } from "./kernel_state.ts";
export {
  type AnyMessageType,
  type Message,
  message,
  type MessageEnvelope,
  type MessageOf,
  type MessageOptions,
  type MessageType,
  type NamedMessageType,
  reply,
  type ReservedFields,
  type SendableOf,
  withCorrelation,
} from "./message.ts";
export type { StandardIssue, StandardResult, StandardSchema } from "../standard_schema.ts";
export type { KernelTelemetry, KernelWait, RuntimeSummary } from "./telemetry.ts";
export type { SpanFigures } from "../ring/kernel_record.ts";
export {
  KernelError,
  type KernelErrorOptions,
  KernelExistsError,
  KernelNotFoundError,
  KernelStateError,
  MessageError,
  type MessageErrorOptions,
  QueueFullError,
  QueueTimeoutError,
} from "./errors.ts";
export { LifecycleError, StoppedError } from "../errors.ts";
export type { ModuleReference } from "../worker/module_url.ts";
export type { Dashboard, DashboardOptions } from "../view/live/dashboard.ts";
export type { RunDashboardOptions } from "../view/live/run_options.ts";
export type { TaskPermissions } from "../worker/permitted_worker.ts";
export type { RestartPolicy } from "../worker/restart_policy.ts";
