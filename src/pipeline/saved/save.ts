/** Saves a declaration as a TOML file. */

import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { stringify } from "toml";
import { DeclarationError } from "../../errors.ts";
import { writeWhole } from "../../files.ts";
import { checkRule, pathOrUrl } from "../../rules.ts";
import type { DeadFrameOptions } from "../../manager/dead_frames.ts";
import type { CarryOptions } from "../carry.ts";
import type { EventHandle } from "../event.ts";
import type { PipelineOptions } from "../pipeline.ts";
import type { StreamHandle } from "../stream.ts";
import type { DeclaredBinding, TaskDeclaration } from "../task.ts";
import type { TaskRestart } from "../../manager/restart.ts";
import { checkDocument, checkTexts } from "./check.ts";
import {
  LARGEST,
  LARGEST_FILE,
  type SavedBindings,
  type SavedCarry,
  type SavedDeadLetters,
  type SavedEvent,
  type SavedPipeline,
  type SavedRestart,
  type SavedStream,
  type SavedTask,
  versionOf,
} from "./document.ts";
import { functionModule, nameExports } from "./export_names.ts";
import { referenceTo } from "./modules.ts";
import { encodeParams } from "./params.ts";
import { pathText, Problem } from "./problem.ts";

/** What is saved. */
export interface SavedDeclaration {
  readonly name: string;
  /** What was given when it was made, with the time for the stop. */
  readonly options: PipelineOptions & { readonly graceMs: number };
  /** The module of the functions that name none. */
  readonly module: string;
  readonly streams: ReadonlyMap<string, StreamHandle>;
  readonly events: ReadonlyMap<string, EventHandle>;
  readonly tasks: ReadonlyMap<string, TaskDeclaration>;
}

const HEADER = "# A pipeline of Ringmill: Pipeline.reconstruct() makes it again.\n\n";

/**
 * Writes the file, whole or not at all, and makes the folders for it.
 *
 * @throws {DeclarationError} If a function cannot be imported, or the file could not be reconstructed.
 * @throws {TypeError} If params hold what cannot be saved.
 */
export async function savePipeline(path: string | URL, declaration: SavedDeclaration): Promise<void> {
  checkRule(`save pipeline "${declaration.name}"`, "path", pathOrUrl, path);
  const file = path instanceof URL ? fileURLToPath(path) : resolve(path);
  const document = await describe(declaration, pathToFileURL(file));
  try {
    checkDocument(document as unknown as Record<string, unknown>);
    checkTexts(document);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new DeclarationError(`Cannot save pipeline "${declaration.name}": ${error.message}`);
  }
  const text = HEADER + stringify(document);
  if (text.length > LARGEST_FILE) {
    throw new DeclarationError(`Cannot save pipeline "${declaration.name}": the file would be larger than ${LARGEST}`);
  }
  await Deno.mkdir(dirname(file), { recursive: true });
  await writeWhole(file, text);
}

async function describe(declaration: SavedDeclaration, file: URL): Promise<SavedPipeline> {
  const tasks = [...declaration.tasks.values()];
  const exportNames = await nameExports(declaration.name, declaration.module, tasks);
  const fields = withoutUndefined({
    name: declaration.name,
    grace_ms: declaration.options.graceMs,
    full_warning_ms: declaration.options.fullWarningMs,
    dead_letters: describeDeadLetters(declaration.options.deadLetters),
    streams: someOf([...declaration.streams.values()].map(describeStream)),
    events: someOf([...declaration.events.values()].map(describeEvent)),
    tasks: someOf(tasks.map((task) => describeTask(task, exportNames.get(task.name), declaration, file))),
  });
  return { format_version: versionOf(fields), ...fields };
}

function describeStream(stream: StreamHandle): SavedStream {
  return withoutUndefined({
    name: stream.name,
    description: stream.description,
    shape: stream.shape,
    dtype: stream.dtype,
    frames: stream.frames,
    cache_align: stream.cacheAlign,
    min_reader_pos_refresh_interval: stream.minReaderPosRefreshInterval,
    min_reader_pos_refresh_ms: stream.minReaderPosRefreshMs,
    wait: stream.wait,
    carry: describeCarry(stream.carry),
  });
}

function describeCarry(carry: CarryOptions | undefined): SavedCarry | undefined {
  if (!carry) return undefined;
  const { keep, replicas, maxBytes, parcelBytes, windowBytes, onLostPeer, peerTimeoutMs, onNewRun, commit } = carry;
  const sizes = { max_bytes: maxBytes, parcel_bytes: parcelBytes, window_bytes: windowBytes };
  const peers = { on_lost_peer: onLostPeer, peer_timeout_ms: peerTimeoutMs, on_new_run: onNewRun };
  return withoutUndefined({ keep, replicas, ...sizes, ...peers, commit });
}

function describeEvent({ name, description, initialState }: EventHandle): SavedEvent {
  return withoutUndefined({ name, description, initial_state: initialState });
}

function describeTask(
  task: TaskDeclaration,
  exportName: string | undefined,
  { name, module }: SavedDeclaration,
  file: URL,
): SavedTask {
  const { mode, gate } = task;
  return withoutUndefined({
    name: task.name,
    description: task.description,
    function_module: exportName === undefined ? undefined : referenceTo(functionModule(task, module), file),
    function_qualname: exportName,
    control_mode: mode,
    control_event: gate?.local,
    permissions: describePermissions(task.permissions),
    reads: describeBindings(task.reads),
    latest: someOf(task.reads.filter(({ latest }) => latest).map(({ local }) => local)),
    on_abandoned: task.onAbandoned,
    restart: describeRestart(task.restart),
    state: task.state && { shape: task.state.shape, dtype: task.state.dtype },
    stall_timeout_ms: task.stallTimeoutMs,
    machine: task.machine,
    writes: describeBindings(task.writes),
    events: describeBindings(gate ? [...task.events, gate] : task.events),
    params: task.params === undefined ? undefined : describeParams(task, name),
  });
}

function describeDeadLetters(options: DeadFrameOptions | undefined): SavedDeadLetters | undefined {
  if (!options) return undefined;
  const { most, mostBytes, backpressure } = options;
  return withoutUndefined({ most, most_bytes: mostBytes, backpressure });
}

function describeRestart(restart: TaskRestart | undefined): SavedRestart | undefined {
  if (!restart) return undefined;
  const { limit, backoffMs, maxBackoffMs, resetMs, onFailedFrame } = restart;
  const times = { backoff_ms: backoffMs, max_backoff_ms: maxBackoffMs, reset_ms: resetMs };
  return withoutUndefined({ limit, ...times, on_failed_frame: onFailedFrame });
}

function describeBindings(bindings: readonly DeclaredBinding[]): SavedBindings | undefined {
  if (bindings.length === 0) return undefined;
  return Object.fromEntries(bindings.map(({ local, target }) => [local, target]));
}

function describeParams({ name, params }: TaskDeclaration, pipeline: string): unknown {
  try {
    return encodeParams(params, ["params"]);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new TypeError(
      `Cannot save pipeline "${pipeline}": ${pathText(error.path)} of task "${name}" ${error.message}`,
    );
  }
}

/** Deno takes URLs of files for paths. */
function describePermissions(permissions: TaskDeclaration["permissions"]): unknown {
  if (typeof permissions !== "object" || permissions === null) return permissions;
  const asText = (entry: unknown) => entry instanceof URL ? fileURLToPath(entry) : entry;
  const described = Object.entries(permissions).filter(([, permission]) => permission !== undefined)
    .map(([name, permission]) => [name, Array.isArray(permission) ? permission.map(asText) : permission]);
  return Object.fromEntries(described);
}

function someOf<Item>(items: readonly Item[]): readonly Item[] | undefined {
  return items.length === 0 ? undefined : items;
}

/** TOML knows no undefined fields. */
function withoutUndefined<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}
