/** The kernels of a runtime, as a description to draw. */

import type { KernelLink } from "../../actors/kernel_link.ts";
import type { AnyMessageType } from "../../actors/message.ts";
import type { RingKernelRuntime } from "../../actors/runtime.ts";
import type { KernelTelemetry } from "../../actors/telemetry.ts";
import { formatCount } from "../../units.ts";
import { groupIds, groupKernels, type KernelGroup, sumUp } from "./kernel_groups.ts";
import type { Figure, Figures, ViewDescription, ViewEdge, ViewNode } from "../description.ts";

/** The program is at one end of the drawing or the other. */
const PROGRAM_IN = "program:in";
const PROGRAM_OUT = "program:out";

/**
 * Describes the kernels that were launched so far, and which way messages have gone between them and the program: kernels are
 * free to send to any other, so a line is there from the first message on. One that is asked for answers is marked so.
 *
 * The ids of its nodes are `kernel:<id>`; the program is `program:in` where it sends, and `program:out` where it receives.
 * A kernel's status is its state, or «failed» if a failure has ended it.
 *
 * @example
 * ```ts
 * import { RingKernelRuntime } from "@ringmill/ringmill/actors";
 * import { describeActors, drawText } from "@ringmill/ringmill/view";
 * import { match } from "node:assert/strict";
 *
 * await using runtime = new RingKernelRuntime();
 * match(await drawText(describeActors(runtime)), /^actors/);
 * ```
 */
export function describeActors(runtime: RingKernelRuntime): ViewDescription {
  return describe(runtime.kernels.map((id) => kernelNode(id, runtime)), runtime.links);
}

/** As {@link describeActors}; of many kernels, with one node for all of a definition. */
export function describeForPage(runtime: RingKernelRuntime): ViewDescription {
  const groups = groupKernels(runtime);
  if (!groups) return describeActors(runtime);
  return describe(groups.map((group) => groupNode(group, runtime)), linksOf(runtime, groups));
}

function describe(kernels: readonly ViewNode[], links: readonly KernelLink[]): ViewDescription {
  const edges = edgesOf(links);
  const ends = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const program = [PROGRAM_IN, PROGRAM_OUT].filter((id) => ends.has(id));
  const nodes = [...kernels, ...program.map((id): ViewNode => ({ id, kind: "program", title: "the program" }))];
  return { title: "actors", nodes, edges };
}

function kernelNode(id: string, runtime: RingKernelRuntime): ViewNode {
  const { id: name, input, output } = runtime.definitionOf(id);
  const details = [
    ...name === id ? [] : [`kernel ${name}`],
    ...input || output ? [`${typesOf(input)} → ${typesOf(output)}`] : [],
  ];
  return { id: `kernel:${id}`, kind: "task", title: id, details, status: statusOf(runtime.getTelemetry(id)) };
}

/** Links between groups: those within one are left out. */
function linksOf({ links }: RingKernelRuntime, groups: readonly KernelGroup[]): KernelLink[] {
  const ids = groupIds(groups);
  const nameOf = (id: string) => ids.get(id) ?? id;
  return links
    .map(({ user, kernel, by }) => ({ user: user === null ? null : nameOf(user), kernel: nameOf(kernel), by }))
    .filter(({ user, kernel }) => user !== kernel);
}

function groupNode({ id, definition: { input, output }, kernels }: KernelGroup, runtime: RingKernelRuntime): ViewNode {
  const details = [
    kernels.length === 1 ? "1 kernel" : `${formatCount(kernels.length)} kernels`,
    ...input || output ? [`${typesOf(input)} → ${typesOf(output)}`] : [],
  ];
  const status = statusOf(sumUp(id, kernels.map((one) => runtime.getTelemetry(one))));
  return { id: `kernel:${id}`, kind: "task", title: id, details, status };
}

function typesOf(types: readonly AnyMessageType[] | null): string {
  return types ? types.map(({ messageType }) => messageType).join(" | ") : "any";
}

/** Its state, unless a failure has ended it. */
export function statusOf({ state, failure }: Pick<ShownKernel, "state" | "failure">): string {
  return failure ? "failed" : state;
}

/** One for each way that messages have gone. */
function edgesOf(links: readonly KernelLink[]): ViewEdge[] {
  const edges = new Map<string, ViewEdge>();
  for (const { user, kernel, by } of links) {
    const isOut = by === "receive";
    const used = `kernel:${kernel}`;
    const caller = user === null ? (isOut ? PROGRAM_OUT : PROGRAM_IN) : `kernel:${user}`;
    const [from, to] = isOut ? [used, caller] : [caller, used];
    const key = `${from} -> ${to}`;
    const label = by === "request" ? { label: "asks" } : {};
    edges.set(key, { ...edges.get(key), from, to, ...label });
  }
  return [...edges.values()];
}

/**
 * What is known of the kernels in a description: their states, how many messages a second they process while they are active,
 * how full their inputs are, and how often they have failed.
 *
 * @example
 * ```ts
 * import { RingKernelRuntime } from "@ringmill/ringmill/actors";
 * import { describeActorFigures, describeActors, drawSvg } from "@ringmill/ringmill/view";
 * import { match } from "node:assert/strict";
 *
 * await using runtime = new RingKernelRuntime();
 * const figures = describeActorFigures(runtime.getAllTelemetry());
 * match(await drawSvg(describeActors(runtime), { figures }), /^<svg/);
 * ```
 */
export function describeActorFigures(telemetry: Readonly<Record<string, KernelTelemetry>>): Figures {
  const figures = Object.values(telemetry).map((kernel) => {
    const { lines: [rate, errors], ...figure } = kernelFigure(kernel, kernel.throughput);
    return [`kernel:${kernel.kernelId}`, { ...figure, lines: errors === "" ? [rate] : [rate, errors] }];
  });
  return { nodes: Object.fromEntries(figures) };
}

/** What is shown of a kernel. */
type ShownKernel = Pick<KernelTelemetry, "state" | "queueDepth" | "queueSize" | "errors"> & {
  readonly failure: unknown;
};

/** Of a kernel that processes so many messages a second. There is a line for errors even if there is none. */
export function kernelFigure(
  kernel: ShownKernel,
  messagesPerSecond: number,
): Figure & { readonly lines: readonly [string, string] } {
  const { queueDepth, queueSize, errors } = kernel;
  return {
    status: statusOf(kernel),
    lines: [`${formatCount(messagesPerSecond)} messages/s`, errors === 0 ? "" : countErrors(errors)],
    load: Math.min(1, queueDepth / queueSize),
    loadName: "full",
  };
}

function countErrors(errors: number): string {
  return errors === 1 ? "1 error" : `${formatCount(errors)} errors`;
}
