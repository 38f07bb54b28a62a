/** Definitions of ring kernels. */

import { checkRule, permissions as permissionsRule } from "../rules.ts";
import { type ModuleReference, moduleUrl } from "../worker/module_url.ts";
import type { TaskPermissions } from "../worker/permitted_worker.ts";
import type { ContextFor } from "./kernel_context.ts";
import type { AnyMessageType } from "./message.ts";

/**
 * What happens to a message that finds a queue full: its sender waits for room (`"block"`, nothing is lost); its sender gets a
 * `QueueFullError` at once (`"reject"`); or the oldest message of the lowest priority makes room for it (`"dropOldest"`).
 */
export type Backpressure = "block" | "reject" | "dropOldest";

/**
 * What happens when a kernel's function throws, besides that the error is counted and kept, and told to those who wait for
 * an answer to what the kernel had received: the function is called again (`"continue"`), or called in a new worker, which
 * imports its module anew (`"restart"`), or the kernel ends (`"terminate"`). Queued messages stay where they are.
 */
export type ErrorPolicy = "continue" | "restart" | "terminate";

/** When a kernel that has failed is called again. */
export interface RestartOptions {
  /**
   * Milliseconds until the first time; then twice as many each time. A function that has received a message since it was
   * called is called again at once by the policy `"continue"`.
   *
   * @default {100}
   */
  backoffMs?: number;
  /**
   * The most milliseconds.
   *
   * @default {10000}
   */
  maxBackoffMs?: number;
  /**
   * How often in a row. After that the kernel ends. `Infinity` for ever.
   *
   * @default {5}
   */
  limit?: number;
  /**
   * A failure after so many milliseconds without one is not in a row with those before.
   *
   * @default {60000}
   */
  resetMs?: number;
}

/** What {@link ringKernel} is told. */
export interface RingKernelOptions<In extends AnyMessageType, Out extends AnyMessageType, Params> {
  /** The kernel's name, unique in its module; kernels that are launched have ids of their own. */
  id: string;
  /** The module that defines it at its top level: `import.meta`. Its worker imports that. */
  module: ModuleReference;
  /** The messages that it takes, one type or several. Others are refused. All by default. */
  input?: In | readonly In[];
  /** The messages that it sends, one type or several. All by default. */
  output?: Out | readonly Out[];
  /**
   * Messages that its input, and its output, hold at most, 1 to 2^30.
   *
   * @default {4096}
   */
  queueSize?: number;
  /**
   * Bytes for the messages of each of the four priority bands of a queue, 256 to 2^29, rounded up to a power of two. A
   * message has at most half of that.
   *
   * @default {1048576}
   */
  queueBytes?: number;
  /**
   * What happens when its input, or its output, is full.
   *
   * @default {"block"}
   */
  backpressure?: Backpressure;
  /**
   * What happens when it fails.
   *
   * @default {"continue"}
   */
  onError?: ErrorPolicy;
  /** When it is called again after it has failed. */
  restart?: RestartOptions;
  /** Constants for its function, where `launch()` is given none: anything that can be structured-cloned. */
  params?: Params;
  /** Deno's permissions of its worker, all of this program's by default. Deno wants `--unstable-worker-options`. */
  permissions?: TaskPermissions;
}

/** What a kernel is run with: of {@link RingKernelOptions}, with defaults filled in. */
export interface RingKernelSettings {
  /** Messages that its input, and its output, hold at most. */
  readonly queueSize: number;
  /** Bytes for the messages of each priority band of a queue. */
  readonly queueBytes: number;
  /** What happens when its input, or its output, is full. */
  readonly backpressure: Backpressure;
  /** What happens when it fails. */
  readonly onError: ErrorPolicy;
  /** When it is called again after it has failed. */
  readonly restart: Readonly<Required<RestartOptions>>;
  /** Deno's permissions of its worker; `undefined` for all of this program's. */
  readonly permissions: TaskPermissions | undefined;
}

/** A kernel's function. It runs in a worker, from launch until it returns; `ctx` tells it when to. */
export type KernelFunction<In extends AnyMessageType, Out extends AnyMessageType, Params> = (
  ctx: ContextFor<In, Out, Params>,
) => unknown;

/** A kernel that can be launched, under any number of ids. {@link ringKernel} makes it. */
export interface RingKernel<
  In extends AnyMessageType = AnyMessageType,
  Out extends AnyMessageType = AnyMessageType,
  Params = unknown,
> {
  /** Its name. */
  readonly id: string;
  /** The absolute URL of the module that defines it. */
  readonly module: string;
  /** The types of messages that it takes; `null` for all. */
  readonly input: readonly In[] | null;
  /** The types of messages that it sends; `null` for all. */
  readonly output: readonly Out[] | null;
  /** What it is run with. */
  readonly settings: RingKernelSettings;
  /** Constants for its function, where `launch()` is given none. */
  readonly params: Params;
  /** Its function. Call it with a context of your own to test it without a worker. */
  readonly fn: KernelFunction<In, Out, Params>;
}

/** Any kernel. */
// deno-lint-ignore no-explicit-any
export type AnyRingKernel = RingKernel<any, any, any>;

const definitions = new Map<string, AnyRingKernel | "several">();
const byId = new Map<string, AnyRingKernel | "several">();

function keyOf(module: string, id: string): string {
  return `${module}#${id}`;
}

function register(map: Map<string, AnyRingKernel | "several">, key: string, kernel: AnyRingKernel): void {
  map.set(key, map.has(key) ? "several" : kernel);
}

/** The kernel that a module has defined in this thread under a name, or the reason why there is none. */
export function findKernel(module: string, id: string): AnyRingKernel | { readonly reason: string } {
  const found = definitions.get(keyOf(module, id));
  if (found === "several") return { reason: `${module} defines several kernels of the name "${id}"` };
  return found ??
    { reason: `${module} does not define a kernel "${id}" when it is imported: define it at the top level` };
}

/** The kernel of a name that some module has defined in this thread; `undefined` if there is none, or several. */
export function kernelNamed(id: string): AnyRingKernel | undefined {
  const found = byId.get(id);
  return found === "several" ? undefined : found;
}

/** @throws {TypeError} Unless `value` is a kernel, or a copy of one, that is to be launched under an id. */
export function checkKernel(id: string, value: unknown): AnyRingKernel {
  if (typeof value === "object" && value !== null && "settings" in value && "fn" in value && "module" in value) {
    return value as AnyRingKernel;
  }
  const what = `Cannot launch kernel "${id}": expected what ringKernel() has made`;
  throw new TypeError(`${what}, received ${Deno.inspect(value)}`);
}

/** @throws {TypeError|RangeError} With the kernel's name, what is wrong, and the value. */
function refuse(Kind: ErrorConstructor, id: unknown, rule: string, value: unknown): never {
  throw new Kind(`Cannot define kernel ${Deno.inspect(id)}: ${rule}, received ${Deno.inspect(value)}`);
}

function checkNumbers(id: string, numbers: Readonly<Record<string, number>>, least: number, most: number): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (typeof value !== "number") refuse(TypeError, id, `${name} must be a number`, value);
    const isRight = value >= least && value <= most && (most === Infinity || Number.isInteger(value));
    const range = most === Infinity ? `${least} or more` : `a whole number from ${least} to ${most}`;
    if (!isRight) refuse(RangeError, id, `${name} must be ${range}`, value);
  }
}

function checkChoice(id: string, name: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  const rule = `${name} must be ${choices.map((choice) => JSON.stringify(choice)).join(" or ")}`;
  refuse(TypeError, id, rule, value);
}

function settingsOf(options: RingKernelOptions<AnyMessageType, AnyMessageType, unknown>): RingKernelSettings {
  const { id, queueSize = 4096, queueBytes = 2 ** 20, backpressure = "block", onError = "continue" } = options;
  const { backoffMs = 100, maxBackoffMs = 10_000, limit = 5, resetMs = 60_000 } = options.restart ?? {};
  checkNumbers(id, { queueSize }, 1, 2 ** 30);
  checkNumbers(id, { queueBytes }, 256, 2 ** 29);
  checkNumbers(id, { backoffMs, maxBackoffMs, limit, resetMs }, 0, Infinity);
  checkChoice(id, "backpressure", backpressure, ["block", "reject", "dropOldest"]);
  checkChoice(id, "onError", onError, ["continue", "restart", "terminate"]);
  const restart = { backoffMs, maxBackoffMs, limit, resetMs }, { permissions } = options;
  if (permissions !== undefined) checkRule(`define kernel "${id}"`, "permissions", permissionsRule, permissions);
  return { queueSize, queueBytes, backpressure, onError, restart, permissions };
}

function typesOf<Type extends AnyMessageType>(
  id: string,
  name: string,
  types: Type | readonly Type[] | undefined,
): readonly Type[] | null {
  if (types === undefined) return null;
  const list = Array.isArray(types) ? types : [types];
  if (list.length > 0 && list.every((type) => typeof type === "function" && "messageType" in type)) return list;
  return refuse(TypeError, id, `${name} must be a type of messages, or several`, types);
}

/**
 * Defines a kernel: an actor with an input and an output queue, whose function runs in a worker of its own. Do so at the
 * top level of `module`: every worker imports that, and finds the kernel by its name.
 *
 * @throws {TypeError} If an option is of the wrong kind.
 * @throws {RangeError} If a number is out of its range.
 *
 * @example
 * ```ts
 * import { message, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";
 * import { equal } from "node:assert/strict";
 *
 * const Text = message<{ text: string }>("Text");
 *
 * const shout = ringKernel({ id: "shout", module: import.meta, input: Text, output: Text }, async (ctx) => {
 *   for await (const { text } of ctx) await ctx.send(Text({ text: text.toUpperCase() }));
 * });
 *
 * // Each worker imports this module too, and must not launch anything then.
 * if (import.meta.main) {
 *   await using runtime = new RingKernelRuntime();
 *   const kernel = await runtime.launch("shout", shout);
 *   await kernel.activate();
 *   await kernel.send(Text({ text: "hello" }));
 *   equal((await kernel.receive({ timeoutMs: 5000 })).text, "HELLO");
 * }
 * ```
 */
export function ringKernel<
  In extends AnyMessageType = AnyMessageType,
  Out extends AnyMessageType = AnyMessageType,
  Params = undefined,
>(
  options: RingKernelOptions<In, Out, Params>,
  fn: KernelFunction<In, Out, Params>,
): RingKernel<In, Out, Params> {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot define a kernel: its options must be an object, received ${Deno.inspect(options)}`);
  }
  const { id } = options;
  if (typeof id !== "string" || id === "") refuse(TypeError, id, "its id must be a text", id);
  if (typeof fn !== "function") refuse(TypeError, id, "it needs a function", fn);
  const kernel: RingKernel<In, Out, Params> = {
    id,
    module: moduleUrl(options.module),
    input: typesOf(id, "input", options.input),
    output: typesOf(id, "output", options.output),
    settings: settingsOf(options),
    params: options.params as Params,
    fn,
  };
  register(definitions, keyOf(kernel.module, id), kernel);
  register(byId, id, kernel);
  return kernel;
}
