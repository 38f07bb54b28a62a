/** `Pipeline.addTask` and its relatives: what they accept, as a declaration. */

import { DeclarationError } from "../errors.ts";
import {
  anything,
  checkOptions,
  checkRule,
  moduleReference,
  name as nameRule,
  object,
  oneOf,
  permissions as permissionsRule,
  type Rules,
  text,
} from "../rules.ts";
import { TASK_RESTART_RULES } from "../manager/restart.ts";
import { type AbandonedPolicy, STALL_TIMEOUT, STATE_RULES } from "../manager/specs.ts";
import { parseFrameType } from "../ring/columns.ts";
import { EventHandle } from "./event.ts";
import { LatestStream, StreamHandle } from "./stream.ts";
import type { ControlMode, DeclaredBinding, TaskDeclaration } from "./task.ts";
import type { AddTask, Bindings, CommonTaskOptions, TaskFunction, TerminatorOptions } from "./wiring.ts";

/** What declaring a task needs of its pipeline. */
export interface TaskRegistry {
  readonly streams: ReadonlyMap<string, StreamHandle>;
  readonly events: ReadonlyMap<string, EventHandle>;
  /** Throws unless a task of this name can be declared. */
  check(name: string): void;
  /** Declares a task. */
  register(task: TaskDeclaration): void;
}

/** What `onAbandoned` must be. */
export const ABANDONED_POLICY = oneOf(["stop", "continue"] satisfies AbandonedPolicy[]);

const COMMON_RULES = { description: text };
const BINDING_RULES = { reads: anything, writes: anything, events: anything };
const FUNCTION_RULES = {
  ...COMMON_RULES,
  ...BINDING_RULES,
  fn: anything,
  params: anything,
  module: moduleReference,
  permissions: permissionsRule,
  onAbandoned: ABANDONED_POLICY,
  restart: object,
  state: object,
  stallTimeoutMs: STALL_TIMEOUT,
  machine: nameRule,
};

/** What each option of a task must be, by its mode. Bindings, functions and params have checks of their own. */
export const TASK_RULES: Readonly<Record<ControlMode, Rules>> = {
  plain: FUNCTION_RULES,
  switchable: { ...FUNCTION_RULES, activateOn: anything },
  toggleable: { ...FUNCTION_RULES, activateOn: anything },
  terminator: { ...COMMON_RULES, reads: anything },
};

/** The options of all kinds of tasks that have a function. */
interface AnyTaskOptions extends CommonTaskOptions, Bindings {
  fn?: TaskFunction;
  params?: unknown;
  activateOn?: string;
}

/** The name that a handle or a name stands for. Names need not be known yet. `action` says what it is for. */
export function targetName<Handle extends { readonly name: string }>(
  reference: Handle | string,
  known: ReadonlyMap<string, Handle>,
  kind: string,
  action: string,
): string {
  if (typeof reference === "string") return reference;
  const isHandle = kind === "stream" ? reference instanceof StreamHandle : reference instanceof EventHandle;
  if (!isHandle) {
    const received = Deno.inspect(reference, { depth: 0 });
    throw new TypeError(`Cannot ${action}: expected a handle or a name of ${article(kind)}, received ${received}`);
  }
  if (known.get(reference.name) !== reference) {
    throw new DeclarationError(`Cannot ${action}: the handle of ${kind} "${reference.name}" is of another pipeline`);
  }
  return reference.name;
}

function article(kind: string): string {
  return kind === "event" ? "an event" : `a ${kind}`;
}

/** Makes the `addTask` of a pipeline. */
export function createAddTask(registry: TaskRegistry): AddTask {
  const declare = (name: string, mode: ControlMode, options: AnyTaskOptions, fn: unknown = options.fn) =>
    registry.register(declareTask(registry, name, mode, fn, options));
  const check = (name: string, options: unknown, mode: ControlMode = "plain") => {
    registry.check(name);
    checkOptions(`add task "${name}"`, options, TASK_RULES[mode]);
  };
  const addTask = (name: string, options: AnyTaskOptions) => {
    check(name, options);
    if (options.fn !== undefined) return declare(name, "plain", options);
    return <F extends TaskFunction>(fn: F): F => {
      check(name, options);
      declare(name, "plain", options, fn);
      return fn;
    };
  };
  const controlled = (mode: ControlMode) => (name: string, options: AnyTaskOptions) => {
    check(name, options, mode);
    declare(name, mode, options);
  };
  const terminator = (name: string, options: TerminatorOptions) => {
    check(name, options, "terminator");
    const reads = Array.isArray(options.reads) ? { ...options.reads } : options.reads;
    const bindings = bind(name, "reads", reads ?? null, registry.streams, "stream");
    registry.register({
      name,
      mode: "terminator",
      reads: bindings,
      writes: [],
      events: [],
      description: options.description,
    });
  };
  const kinds = { switchable: controlled("switchable"), toggleable: controlled("toggleable"), terminator };
  return Object.assign(addTask, kinds) as AddTask;
}

/** The bindings of one option of a task, by the function's names for them. */
function bind<Handle extends { readonly name: string }>(
  task: string,
  option: "reads" | "writes" | "events",
  references: unknown,
  known: ReadonlyMap<string, Handle>,
  kind: string,
): DeclaredBinding[] {
  if (typeof references !== "object" || references === null || Array.isArray(references)) {
    const received = Deno.inspect(references);
    throw new TypeError(`Cannot add task "${task}": ${option} must be an object, received ${received}`);
  }
  return Object.entries(references as Record<string, Handle | LatestStream | string>).map(([local, reference]) => {
    const action = `bind "${local}" in ${option} of task "${task}"`;
    if (!(reference instanceof LatestStream)) return { local, target: targetName(reference, known, kind, action) };
    if (option !== "reads") throw new TypeError(`Cannot ${action}: the latest frame of a stream can only be read`);
    return { local, target: targetName(reference.stream as unknown as Handle, known, kind, action), latest: true };
  });
}

function declareTask(
  { streams, events }: TaskRegistry,
  name: string,
  mode: ControlMode,
  fn: unknown,
  options: AnyTaskOptions,
): TaskDeclaration {
  if (typeof fn !== "function" || /Generator/.test(Object.prototype.toString.call(fn))) {
    const received = Deno.inspect(fn);
    throw new TypeError(`Cannot add task "${name}": fn must be a function and no generator, received ${received}`);
  }
  const { reads = {}, writes = {}, module, permissions, onAbandoned, description, activateOn } = options;
  const bound = bind(name, "events", options.events === undefined ? {} : options.events, events, "event");
  const { restart, state, stallTimeoutMs, machine } = options;
  checkSupervision(name, options);
  const gate = mode === "plain" ? undefined : bound.find(({ local }) => local === activateOn);
  if (mode !== "plain" && !gate) {
    const names = bound.map(({ local }) => `"${local}"`).join(", ") || "none";
    const received = Deno.inspect(activateOn);
    throw new DeclarationError(
      `Cannot add task "${name}": activateOn must be one of its events (${names}), received ${received}`,
    );
  }
  return {
    name,
    mode,
    fn: fn as TaskFunction,
    module,
    reads: bind(name, "reads", reads, streams, "stream"),
    writes: bind(name, "writes", writes, streams, "stream"),
    events: bound.filter((binding) => binding !== gate),
    gate,
    params: cloneParams(name, options.params),
    permissions,
    onAbandoned,
    restart: restart && { ...restart },
    state: state && { ...state, dtype: parseFrameType(`add task "${name}": state`, state.dtype) },
    stallTimeoutMs,
    machine,
    description,
  };
}

/** Checks what options of options must be, each by its name. */
function checkSupervision(name: string, { restart, state }: CommonTaskOptions): void {
  const action = `add task "${name}"`;
  if (restart !== undefined) checkOptions(`${action}: restart`, restart, TASK_RESTART_RULES);
  if (state === undefined) return;
  checkOptions(`${action}: state`, state, STATE_RULES);
  for (const [field, rule] of Object.entries(STATE_RULES)) {
    checkRule(`${action}: state`, field, rule, state[field as keyof typeof state]);
  }
}

/** A copy, so that what the caller changes later does not matter, and what cannot be sent fails here. */
function cloneParams(task: string, params: unknown): unknown {
  try {
    return structuredClone(params);
  } catch (error) {
    const reason = (error as Error).message;
    throw new TypeError(`Cannot add task "${task}": params must be cloneable: ${reason}`, { cause: error });
  }
}
