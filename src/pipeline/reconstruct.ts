/** Reads a saved pipeline, which may come from anywhere. */

import type { TaskRestart } from "../manager/restart.ts";
import type { SavedRestart } from "./saved/document.ts";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parse, TomlError } from "toml";
import { DeclarationError, PipelineFileError } from "../errors.ts";
import type { CarryOptions } from "./carry.ts";
import type { EventOptions } from "./event.ts";
import type { Pipeline, PipelineOptions } from "./pipeline.ts";
import type { StreamOptions } from "./stream.ts";
import type { DeclaredBinding, TaskDeclaration } from "./task.ts";
import * as rules from "../rules.ts";
import { checkOptions, type Rules } from "../rules.ts";
import { cut } from "../safe_text.ts";
import { capPermissions } from "../worker/capped_permissions.ts";
import type { TaskPermissions } from "../worker/permitted_worker.ts";
import type { ModuleReference } from "./wiring.ts";
import { checkDocument } from "./saved/check.ts";
import {
  isTable,
  LARGEST,
  LARGEST_FILE,
  type SavedBindings,
  type SavedCarry,
  type SavedEvent,
  type SavedPipeline,
  type SavedStream,
  type SavedTask,
} from "./saved/document.ts";
import { lineOf } from "./saved/lines.ts";
import { AllowedModules } from "./saved/modules.ts";
import { decodeParams } from "./saved/params.ts";
import { type Path, pathText, Problem } from "./saved/problem.ts";

/** Options of `Pipeline.reconstruct()`. */
export interface ReconstructOptions {
  /**
   * Modules that the file may name beyond those in its own folder: each a module, or a folder with all that is below it;
   * of remote modules, a URL that ends with a slash. Paths are relative to the current folder.
   *
   * @default {[]}
   */
  allowModules?: readonly ModuleReference[];
  /**
   * The most that tasks of the file may do, as Deno's permissions of a worker: a task gets what both this and its own
   * field allow. Deno wants `--unstable-worker-options`.
   *
   * @default {"inherit"}
   */
  permissions?: TaskPermissions;
}

/** The rules of {@link ReconstructOptions}. */
const RECONSTRUCT_RULES: Rules = { allowModules: rules.anything, permissions: rules.permissions };

/** Bytes that are read at a time. */
const CHUNK = 65_536;

/** Makes an empty pipeline, and what declares a task of it that has no function yet. */
export type CreatePipeline = (name: string, options: PipelineOptions) => {
  readonly pipe: Pipeline;
  addTask(task: TaskDeclaration): void;
};

/** Reads the file. It may change while that goes on: what counts is what is read here. */
export async function reconstructPipeline(
  path: string | URL,
  options: ReconstructOptions,
  create: CreatePipeline,
): Promise<Pipeline> {
  rules.checkRule("reconstruct a pipeline", "path", rules.pathOrUrl, path);
  const file = path instanceof URL ? fileURLToPath(path) : resolve(path);
  checkOptions("reconstruct a pipeline", options, RECONSTRUCT_RULES);
  const allowed = await AllowedModules.of(dirname(file), options.allowModules ?? []);
  return await reconstructText(await readText(file), file, allowed, create, options.permissions);
}

/** Reads a file, but no more of it than a saved pipeline may have. */
async function readText(file: string): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  using opened = await Deno.open(file);
  for (let part = new Uint8Array(CHUNK);; part = new Uint8Array(CHUNK)) {
    const count = await opened.read(part);
    if (count === null) break;
    parts.push(part.subarray(0, count));
    size += count;
    if (size > LARGEST_FILE) throw new PipelineFileError(file, `it is larger than ${LARGEST}`);
  }
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    return parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode();
  } catch (cause) {
    throw new PipelineFileError(file, "it is no text in UTF-8", {}, { cause });
  }
}

/** Reads what stands in a file. */
async function reconstructText(
  text: string,
  file: string,
  allowed: AllowedModules,
  create: CreatePipeline,
  cap?: TaskPermissions,
): Promise<Pipeline> {
  const document = parseFile(text, file);
  try {
    checkDocument(document);
    return await declare(document, pathToFileURL(file), allowed, create, cap);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const [kind, index, field] = error.path.map(String);
    const place = index === undefined ? { field: kind } : { table: `${kind}[${index}]`, field };
    const line = lineOf(text, error.path, parse);
    throw new PipelineFileError(file, cut(error.message, 1000), { line, ...place }, { cause: error.cause });
  }
}

function parseFile(text: string, file: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (cause) {
    // Its message goes on with an excerpt of the text.
    const [reason] = (cause as Error).message.replace(/^Invalid TOML document: /, "").split("\n");
    const line = cause instanceof TomlError ? cause.line : undefined;
    throw new PipelineFileError(file, `it is no TOML: ${reason}`, { line }, { cause });
  }
}

async function declare(
  document: SavedPipeline,
  file: URL,
  allowed: AllowedModules,
  create: CreatePipeline,
  cap: TaskPermissions | undefined,
): Promise<Pipeline> {
  const { pipe, addTask } = create(document.name, declaredOptions(document));
  for (const [index, stream] of (document.streams ?? []).entries()) {
    within(["streams", index], () => pipe.addStream(stream.name, streamOptions(stream)));
  }
  for (const [index, event] of (document.events ?? []).entries()) {
    within(["events", index], () => pipe.addEvent(event.name, eventOptions(event)));
  }
  for (const [index, task] of (document.tasks ?? []).entries()) {
    const path: Path = ["tasks", index];
    const module = await functionModule(task, path, file, allowed);
    const params = taskParams(task, path);
    const declaration = taskDeclaration(task, module, params);
    addTask({ ...declaration, permissions: capPermissions(declaration.permissions, cap) });
  }
  return pipe;
}

/** What was refused although it keeps the rules, such as a stream that is too large. */
function within(path: Path, declare: () => void): void {
  try {
    declare();
  } catch (error) {
    if (!(error instanceof DeclarationError || error instanceof TypeError || error instanceof RangeError)) throw error;
    throw Object.assign(new Problem(path, error.message), { cause: error });
  }
}

function streamOptions(stream: SavedStream): StreamOptions {
  return {
    description: stream.description,
    shape: stream.shape,
    dtype: stream.dtype,
    frames: stream.frames,
    cacheAlign: stream.cache_align,
    minReaderPosRefreshInterval: stream.min_reader_pos_refresh_interval,
    minReaderPosRefreshMs: stream.min_reader_pos_refresh_ms,
    wait: stream.wait,
    carry: declaredCarry(stream.carry),
  };
}

function declaredCarry(carry: SavedCarry | undefined): CarryOptions | undefined {
  if (!carry) return undefined;
  const { keep, replicas, commit } = carry;
  const { max_bytes: maxBytes, parcel_bytes: parcelBytes, window_bytes: windowBytes } = carry;
  const { on_lost_peer: onLostPeer, peer_timeout_ms: peerTimeoutMs, on_new_run: onNewRun } = carry;
  return { keep, replicas, maxBytes, parcelBytes, windowBytes, onLostPeer, peerTimeoutMs, onNewRun, commit };
}

function eventOptions({ description, initial_state }: SavedEvent): EventOptions {
  return { description, initialState: initial_state };
}

async function functionModule(
  { name, function_module }: SavedTask,
  path: Path,
  file: URL,
  allowed: AllowedModules,
): Promise<URL | undefined> {
  if (function_module === undefined) return undefined;
  const module = await allowed.resolve(function_module, file);
  if (module instanceof URL) return module;
  const reason = `field "function_module" of task ${JSON.stringify(name)} ${module}`;
  throw new Problem([...path, "function_module"], `${reason}, received ${JSON.stringify(function_module)}`);
}

function taskParams({ name, params }: SavedTask, path: Path): unknown {
  try {
    return decodeParams(params, ["params"]);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const reason = `${pathText(error.path)} of task ${JSON.stringify(name)} ${error.message}`;
    throw new Problem([...path, ...error.path], reason);
  }
}

function taskDeclaration(task: SavedTask, module: URL | undefined, params: unknown): TaskDeclaration {
  const { permissions } = task;
  const events = declaredBindings(task.events);
  const gate = events.find(({ local }) => local === task.control_event);
  return {
    name: task.name,
    mode: task.control_mode,
    exportName: task.function_qualname,
    module,
    reads: declaredBindings(task.reads).map((binding) => {
      return task.latest?.includes(binding.local) ? { ...binding, latest: true } : binding;
    }),
    onAbandoned: task.on_abandoned,
    restart: declaredRestart(task.restart),
    state: task.state && { ...task.state },
    stallTimeoutMs: task.stall_timeout_ms,
    machine: task.machine,
    writes: declaredBindings(task.writes),
    events: events.filter((binding) => binding !== gate),
    gate,
    params,
    // The parser's tables have no prototype.
    permissions: (isTable(permissions) ? { ...permissions } : permissions) as TaskPermissions | undefined,
    description: task.description,
  };
}

function declaredOptions(document: SavedPipeline): PipelineOptions {
  const { grace_ms: graceMs, full_warning_ms: fullWarningMs, dead_letters: letters } = document;
  const { most, most_bytes: mostBytes, backpressure } = letters ?? {};
  return { graceMs, fullWarningMs, deadLetters: letters && { most, mostBytes, backpressure } };
}

function declaredRestart(restart: SavedRestart | undefined): TaskRestart | undefined {
  if (!restart) return undefined;
  const { limit, backoff_ms: backoffMs, max_backoff_ms: maxBackoffMs, reset_ms: resetMs } = restart;
  const { on_failed_frame: policy } = restart;
  const onFailedFrame = typeof policy === "object" ? { ...policy } : policy;
  return { limit, backoffMs, maxBackoffMs, resetMs, onFailedFrame };
}

function declaredBindings(bindings: SavedBindings = {}): DeclaredBinding[] {
  return Object.entries(bindings).map(([local, target]) => ({ local, target }));
}
