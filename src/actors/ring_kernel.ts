/** Definitions of ring kernels. */

import {
  anything,
  boolean,
  callback,
  checkOptions,
  checkRule,
  either,
  integer,
  name,
  object,
  oneOf,
  permissions as permissionsRule,
  type Rule,
  type Rules,
} from "../rules.ts";
import { type ModuleReference, moduleUrl } from "../worker/module_url.ts";
import type { TaskPermissions } from "../worker/permitted_worker.ts";
import { completePolicy, RESTART_RULES, type RestartPolicy } from "../worker/restart_policy.ts";
import type { ForeignDefinition } from "./thread/kernel_protocol.ts";
import type { ContextFor } from "./kernel_context.ts";
import type { AnyMessageType } from "./message.ts";

/**
 * What happens to a message that finds a queue full: its sender waits for room (`"block"`, nothing is lost); its sender gets a
 * `QueueFullError` at once (`"reject"`); or the oldest message of the lowest priority makes room for it (`"dropOldest"`).
 */
export type Backpressure = "block" | "reject" | "dropOldest";

/**
 * When a kernel is called again whose function has thrown. Whoever waits for an answer to what the kernel had received is told
 * the error in any case; queued messages stay where they are. A run counts that has processed a message.
 */
export interface RestartOptions extends RestartPolicy {
  /**
   * Where the function is called again: in a new worker, which imports the module anew, or in the same one, whose module
   * keeps its state, and where a function that has received a message since it was called is called again at once, which is
   * no restart in a row. A worker that has ended, or is broken, is always replaced.
   *
   * @default {"new"}
   */
  worker?: "new" | "same";
}

/** Something for a kernel's input, and something for its output. */
export interface ForBoth<Value> {
  /** For its input. */
  input?: Value;
  /** For its output. */
  output?: Value;
}

/** What {@link ringKernel} is told. */
export interface RingKernelOptions<In extends AnyMessageType, Out extends AnyMessageType, Params> {
  /** The kernel's name, unique in its module; kernels that are launched have ids of their own. */
  id: string;
  /** The module that defines it at its top level: `import.meta`. Its worker imports that. */
  module: ModuleReference;
  /** The messages that it takes, one type or several. Others are refused. All by default. */
  input?: In | readonly In[];
  /**
   * The messages that it sends, one type or several; `"none"` for a kernel that only answers requests: it has no output. All
   * by default.
   */
  output?: Out | readonly Out[] | "none";
  /**
   * Messages that its input, and its output, hold at most, 1 to 2^30. The most urgent messages, of a priority of 224 and more,
   * find room for 64 more in an input.
   *
   * @default {4096}
   */
  queueSize?: number | ForBoth<number>;
  /**
   * Bytes for the messages of each of the four priority bands of a queue, 256 to 2^29, rounded up to a power of two. A
   * message has at most half of that. The default for kernels that share their worker is 32768, also by `launch()`, and the most 2^21.
   *
   * @default {1048576}
   */
  queueBytes?: number | ForBoth<number>;
  /**
   * What happens when its input, or its output, is full.
   *
   * @default {"block"}
   */
  backpressure?: Backpressure | ForBoth<Backpressure>;
  /**
   * What happens when its function throws. By default it is called again in the same worker, with the defaults of
   * {@link RestartOptions}; `"never"` ends it.
   */
  restart?: RestartOptions | "never";
  /**
   * Whether a message is done only when the next one is asked for. One that was not, as the function has thrown or the worker
   * has ended, is received again: at least once, up to `attempts` times. After that it is a dead letter.
   *
   * @default {false}
   */
  ack?: boolean;
  /**
   * How often a message is tried, with `ack`, 1 or more.
   *
   * @default {3}
   */
  attempts?: number;
  /**
   * Where it runs: in a worker of its own, or on one of the runtime's `workers` with others. A shared kernel costs some
   * kilobytes and no thread; but module state survives its restart, and its worker's kernels have one thread, one heap and one
   * exit. `launch()` may say otherwise.
   *
   * @default {"dedicated"}
   */
  worker?: KernelPlace;
  /** Constants for its function, where `launch()` is given none: anything that can be structured-cloned. */
  params?: Params;
  /** Deno's permissions of its worker, all of this program's by default. Deno wants `--unstable-worker-options`. */
  permissions?: TaskPermissions;
}

/** Where a kernel runs: in a worker of its own, or with others. */
export type KernelPlace = "dedicated" | "shared";

/** A value for a kernel's input, and one for its output. */
export interface Both<Value> {
  /** For its input. */
  readonly input: Value;
  /** For its output. */
  readonly output: Value;
}

/** What a kernel is run with: of {@link RingKernelOptions}, with defaults filled in. */
export interface RingKernelSettings {
  /** Whether it has an output. */
  readonly output: "queue" | "none";
  /** Messages that its input, and its output, hold at most. */
  readonly queueSize: Both<number>;
  /** Bytes for the messages of each priority band of a queue. */
  readonly queueBytes: Both<number>;
  /** Which of them are the default, which is another one where the kernel is launched in the other kind of worker. */
  readonly hasDefaultBytes: Both<boolean>;
  /** What happens when its input, or its output, is full. */
  readonly backpressure: Both<Backpressure>;
  /** When it is called again after it has failed; `null` if it ends then. */
  readonly restart: Readonly<Required<RestartOptions>> | null;
  /** Whether a message is done only when the next one is asked for. */
  readonly ack: boolean;
  /** How often a message is tried then. */
  readonly attempts: number;
  /** Where it runs, if `launch()` does not say otherwise. */
  readonly worker: KernelPlace;
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

/** Whether any module has defined a kernel of a name in this thread. */
export function hasKernels(id: string): boolean {
  return byId.has(id);
}

/** A kernel that another thread has defined: it can be launched, and described. */
export function foreignKernel({ id, module, input, output, settings, params }: ForeignDefinition): AnyRingKernel {
  const typesOf = (names: readonly string[] | null) =>
    names && names.map((messageType) => ({ messageType } as unknown as AnyMessageType));
  const fn = () => {
    throw new TypeError(`Cannot call kernel "${id}" here: its module was not imported by this thread`);
  };
  return { id, module, input: typesOf(input), output: typesOf(output), settings, params, fn };
}

/** @throws {TypeError} Unless `value` is a kernel, or a copy of one, that is to be launched under an id. */
export function checkKernel(id: string, value: unknown): AnyRingKernel {
  if (typeof value === "object" && value !== null && "settings" in value && "fn" in value && "module" in value) {
    return value as AnyRingKernel;
  }
  const what = `Cannot launch kernel "${id}": expected what ringKernel() has made`;
  throw new TypeError(`${what}, received ${Deno.inspect(value)}`);
}

const CHOICES: readonly Backpressure[] = ["block", "reject", "dropOldest"];
const QUEUE_SIZE = integer(1, 2 ** 30);
const QUEUE_BYTES = integer(256, 2 ** 29);
const BACKPRESSURE = oneOf(CHOICES);
/** The rule of where a kernel runs. */
export const PLACE: Rule = oneOf(["dedicated", "shared"]);
/** Queues of shared kernels are smaller: there are many of them. */
const DEDICATED_BYTES = 2 ** 20;
const SHARED_BYTES = 2 ** 15;

/** The rules of {@link RestartOptions}. */
export const KERNEL_RESTART_RULES: Rules = { ...RESTART_RULES, worker: oneOf(["new", "same"]) };

/** What each of two may be, and both at once. */
const forBoth = (rule: Rule) => either(rule, { ...object, expected: "{ input, output }" });
const areTypes = (value: unknown) => {
  const list = [value].flat();
  return list.length > 0 && list.every((type) => typeof type === "function" && "messageType" in type);
};
const types: Rule = { expected: "a type of messages, or several", isKind: areTypes };
const typesOrNone: Rule = {
  expected: 'a type of messages, or several, or "none"',
  isKind: (value) => value === "none" || areTypes(value),
};

/** The rules of {@link RingKernelOptions}. */
export const RING_KERNEL_RULES = {
  id: name,
  module: anything,
  input: types,
  output: typesOrNone,
  queueSize: forBoth(QUEUE_SIZE),
  queueBytes: forBoth(QUEUE_BYTES),
  backpressure: forBoth(BACKPRESSURE),
  restart: either(oneOf(["never"]), object),
  ack: boolean,
  attempts: integer(1),
  worker: PLACE,
  params: anything,
  permissions: permissionsRule,
} satisfies Rules;

/** A value for both, or one for each. */
function bothOf<Value>(
  action: string,
  option: string,
  rule: Rule,
  value: Value | ForBoth<Value> | undefined,
  fallback: Value,
): Both<Value> {
  if (typeof value !== "object" || value === null) {
    return { input: value ?? fallback, output: value ?? fallback };
  }
  checkOptions(`${action}, option ${option}`, value, { input: rule, output: rule });
  const { input = fallback, output = fallback } = value as ForBoth<Value>;
  return { input, output };
}

function restartOf(action: string, options: RestartOptions | "never" | undefined): RingKernelSettings["restart"] {
  if (options === "never") return null;
  if (options === undefined) return { worker: "same", ...completePolicy({}) };
  checkOptions(`${action}, option restart`, options, KERNEL_RESTART_RULES);
  return { worker: options.worker ?? "new", ...completePolicy(options) };
}

function defaultBytesOf(place: KernelPlace): number {
  return place === "shared" ? SHARED_BYTES : DEDICATED_BYTES;
}

function isGiven(value: number | ForBoth<number> | undefined, side: "input" | "output"): boolean {
  return typeof value === "object" ? value[side] !== undefined : value !== undefined;
}

/** A kernel as it is launched in a kind of worker, which may not be that of its definition. */
export function kernelAt<Kernel extends AnyRingKernel>(kernel: Kernel, place: KernelPlace): Kernel {
  const { settings } = kernel;
  if (place === settings.worker) return kernel;
  const { hasDefaultBytes, queueBytes } = settings;
  const before = defaultBytesOf(settings.worker);
  const bytesOf = (side: "input" | "output") =>
    hasDefaultBytes[side] && queueBytes[side] === before ? defaultBytesOf(place) : queueBytes[side];
  const resized = { input: bytesOf("input"), output: bytesOf("output") };
  return { ...kernel, settings: { ...settings, worker: place, queueBytes: resized } };
}

function settingsOf(
  action: string,
  options: RingKernelOptions<AnyMessageType, AnyMessageType, unknown>,
): RingKernelSettings {
  const { ack = false, attempts = 3, permissions, worker = "dedicated" } = options;
  if (worker === "shared" && permissions !== undefined) {
    throw new TypeError(`Cannot ${action}: permissions need a worker of its own, received worker: "shared"`);
  }
  const hasOutput = options.output !== "none";
  const queueSize = bothOf(action, "queueSize", QUEUE_SIZE, options.queueSize, 4096);
  const queueBytes = bothOf(action, "queueBytes", QUEUE_BYTES, options.queueBytes, defaultBytesOf(worker));
  return {
    output: hasOutput ? "queue" : "none",
    queueSize: hasOutput ? queueSize : { ...queueSize, output: 1 },
    queueBytes: hasOutput ? queueBytes : { ...queueBytes, output: 256 },
    hasDefaultBytes: {
      input: !isGiven(options.queueBytes, "input"),
      output: hasOutput && !isGiven(options.queueBytes, "output"),
    },
    backpressure: bothOf(action, "backpressure", BACKPRESSURE, options.backpressure, "block"),
    restart: restartOf(action, options.restart),
    ack,
    attempts,
    worker,
    permissions,
  };
}

function typesOf<Type extends AnyMessageType>(
  types: Type | readonly Type[] | "none" | undefined,
): readonly Type[] | null {
  if (types === undefined || types === "none") return null;
  return (Array.isArray(types) ? types : [types]) as readonly Type[];
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
  checkRule("define a kernel", "its options", object, options);
  const { id } = options;
  const action = `define kernel ${Deno.inspect(id)}`;
  checkRule(action, "id", name, id);
  checkOptions(action, options, RING_KERNEL_RULES);
  checkRule(action, "its function", callback, fn);
  const kernel: RingKernel<In, Out, Params> = {
    id,
    module: moduleUrl(options.module),
    input: typesOf(options.input),
    output: typesOf(options.output),
    settings: settingsOf(action, options),
    params: options.params as Params,
    fn,
  };
  register(definitions, keyOf(kernel.module, id), kernel);
  register(byId, id, kernel);
  return kernel;
}
