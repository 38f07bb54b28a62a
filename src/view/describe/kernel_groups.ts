/** Many kernels, told together: by their definitions. A drawing of thousands shows nothing. */

import type { KernelState } from "../../actors/kernel_state.ts";
import type { AnyRingKernel } from "../../actors/ring_kernel.ts";
import type { RingKernelRuntime } from "../../actors/runtime.ts";
import type { KernelTelemetry } from "../../actors/telemetry.ts";

/** Up to so many kernels are told one by one. */
const MOST_SINGLE = 200;

/** Kernels of one definition. */
export interface KernelGroup {
  /** The name of the definition, with a number if several modules have one of that name. */
  readonly id: string;
  readonly definition: AnyRingKernel;
  readonly kernels: readonly string[];
}

/** The groups of a runtime's kernels; `null` if there are few enough to be told one by one. */
export function groupKernels(runtime: RingKernelRuntime): readonly KernelGroup[] | null {
  const { kernels } = runtime;
  if (kernels.length <= MOST_SINGLE) return null;
  const byDefinition = new Map<string, { id: string; definition: AnyRingKernel; kernels: string[] }>();
  const names = new Map<string, number>();
  for (const id of kernels) {
    const definition = runtime.definitionOf(id);
    const key = `${definition.module}#${definition.id}`;
    let group = byDefinition.get(key);
    if (!group) {
      const same = (names.get(definition.id) ?? 0) + 1;
      names.set(definition.id, same);
      group = { id: same === 1 ? definition.id : `${definition.id} (${same})`, definition, kernels: [] };
      byDefinition.set(key, group);
    }
    group.kernels.push(id);
  }
  return [...byDefinition.values()];
}

/** By the ids of kernels: those of their groups. */
export function groupIds(groups: readonly KernelGroup[]): ReadonlyMap<string, string> {
  return new Map(groups.flatMap(({ id, kernels }) => kernels.map((kernel) => [kernel, id] as const)));
}

/** The state of a group is that of its liveliest kernels. */
const LIVELIEST: readonly KernelState[] = [
  "active",
  "terminating",
  "deactivated",
  "launched",
  "created",
  "terminated",
];

/** The figures of a group: sums; what its kernels wait for and what failed last, of one of them. Times are not added up. */
export function sumUp(id: string, all: readonly KernelTelemetry[]): KernelTelemetry {
  const sum = (figure: (one: KernelTelemetry) => number) => all.reduce((total, one) => total + figure(one), 0);
  const first = <Value>(figure: (one: KernelTelemetry) => Value | null) =>
    all.map(figure).find((value) => value !== null) ?? null;
  return {
    kernelId: id,
    state: LIVELIEST.find((state) => all.some((one) => one.state === state))!,
    messagesProcessed: sum((one) => one.messagesProcessed),
    messagesSent: sum((one) => one.messagesSent),
    messagesDropped: sum((one) => one.messagesDropped),
    messagesExpired: sum((one) => one.messagesExpired),
    messagesLost: sum((one) => one.messagesLost),
    lateAnswers: sum((one) => one.lateAnswers),
    deadLetters: sum((one) => one.deadLetters),
    waitsFor: first((one) => one.waitsFor),
    holdsUpMs: Math.max(...all.map((one) => one.holdsUpMs)),
    throughput: sum((one) => one.state === "terminated" ? 0 : one.throughput),
    queueDepth: sum((one) => one.queueDepth),
    outputDepth: sum((one) => one.outputDepth),
    queueSize: sum((one) => one.queueSize),
    outputSize: sum((one) => one.outputSize),
    latencyMs: null,
    processingMs: null,
    errors: sum((one) => one.errors),
    lastError: first((one) => one.lastError),
    failure: first((one) => one.failure),
    restarts: sum((one) => one.restarts),
    uptimeMs: Math.max(...all.map((one) => one.uptimeMs)),
  };
}

/** The figures of all kernels of a runtime, or of their groups, by id. */
export function figuresOf(runtime: RingKernelRuntime): Readonly<Record<string, KernelTelemetry>> {
  const telemetry = runtime.getAllTelemetry();
  const groups = groupKernels(runtime);
  if (!groups) return telemetry;
  return Object.fromEntries(groups.map(({ id, kernels }) => [id, sumUp(id, kernels.map((one) => telemetry[one]))]));
}
