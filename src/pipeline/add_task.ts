/** `Pipeline.addTask` and its relatives: what they accept, as a declaration. */

import { DeclarationError } from "../errors.ts";
import type { EventHandle } from "./event.ts";
import type { StreamHandle } from "./stream.ts";
import type { ControlMode, DeclaredBinding, TaskDeclaration } from "./task.ts";
import type { AddTask, Bindings, CommonTaskOptions, TaskFunction, TerminatorOptions } from "./wiring.ts";

/** What declaring a task needs of its pipeline. */
export interface TaskRegistry {
  readonly streams: ReadonlyMap<string, StreamHandle>;
  readonly events: ReadonlyMap<string, EventHandle>;
  register(task: TaskDeclaration): void;
}

/** The options of all kinds of tasks that have a function. */
interface AnyTaskOptions extends CommonTaskOptions, Bindings {
  fn?: TaskFunction;
  params?: unknown;
  activateOn?: string;
}

/** The name that a handle or a name stands for. Names need not be known yet. */
export function targetName<Handle extends { readonly name: string }>(
  reference: Handle | string,
  known: ReadonlyMap<string, Handle>,
  kind: string,
): string {
  if (typeof reference === "string") return reference;
  if (typeof reference?.name !== "string") {
    throw new TypeError(`Cannot bind a ${kind}: expected a handle or a name, received ${Deno.inspect(reference)}`);
  }
  if (known.get(reference.name) !== reference) {
    throw new DeclarationError(`Cannot bind ${kind} "${reference.name}": its handle is of another pipeline`);
  }
  return reference.name;
}

/** Makes the `addTask` of a pipeline. */
export function createAddTask(registry: TaskRegistry): AddTask {
  const declare = (name: string, mode: ControlMode, fn: unknown, options: AnyTaskOptions) =>
    registry.register(declareTask(registry, name, mode, fn, options));
  const addTask = (name: string, options: AnyTaskOptions) => {
    if (options.fn !== undefined) return declare(name, "plain", options.fn, options);
    return <F extends TaskFunction>(fn: F): F => {
      declare(name, "plain", fn, options);
      return fn;
    };
  };
  return Object.assign(addTask, {
    switchable: (name: string, options: AnyTaskOptions) => declare(name, "switchable", options.fn, options),
    toggleable: (name: string, options: AnyTaskOptions) => declare(name, "toggleable", options.fn, options),
    terminator: (name: string, { reads, description }: TerminatorOptions) => {
      const bindings = bind(Object.entries(reads), registry.streams, "stream");
      registry.register({ name, mode: "terminator", reads: bindings, writes: [], events: [], description });
    },
  }) as AddTask;
}

function bind<Handle extends { readonly name: string }>(
  entries: readonly (readonly [string, Handle | string])[],
  known: ReadonlyMap<string, Handle>,
  kind: string,
): DeclaredBinding[] {
  return entries.map(([local, reference]) => ({ local, target: targetName(reference, known, kind) }));
}

function declareTask(
  { streams, events }: TaskRegistry,
  name: string,
  mode: ControlMode,
  fn: unknown,
  options: AnyTaskOptions,
): TaskDeclaration {
  if (typeof fn !== "function") {
    throw new TypeError(`Cannot add task "${name}": fn must be a function, received ${Deno.inspect(fn)}`);
  }
  const { reads = {}, writes = {}, module, permissions, description, activateOn } = options;
  const bound = bind(Object.entries(options.events ?? {}), events, "event");
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
    reads: bind(Object.entries(reads), streams, "stream"),
    writes: bind(Object.entries(writes), streams, "stream"),
    events: bound.filter((binding) => binding !== gate),
    gate,
    params: cloneParams(name, options.params),
    permissions,
    description,
  };
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
