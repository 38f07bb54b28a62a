/** Checks a document, of which nothing is known, against the rules of the format. */

import { whyNewer } from "../../format_version.ts";
import { keeps } from "../../rules.ts";
import {
  FORMAT_VERSIONS,
  isTable,
  PIPELINE_FIELDS,
  type SavedPipeline,
  type SavedTask,
  TABLE_FIELDS,
  type TableRules,
} from "./document.ts";
import { cut } from "../../safe_text.ts";
import { suggest } from "../../suggest.ts";
import { inspect, type Path, Problem } from "./problem.ts";

type Table = Readonly<Record<string, unknown>>;

/** What a table is called in messages: by its name if it has one, otherwise by its place. */
function titleOf(table: Table, [kind, index]: Path): string {
  if (kind === undefined) return "the file";
  return typeof table.name === "string" && table.name !== ""
    ? `${String(kind).slice(0, -1)} ${JSON.stringify(cut(table.name, 200))}`
    : `${kind}[${index}]`;
}

function checkTable(table: Table, path: Path, { required, optional }: TableRules): void {
  const known = { ...required, ...optional };
  const title = titleOf(table, path);
  for (const field of Object.keys(table)) {
    if (Object.hasOwn(known, field)) continue;
    const suggestion = suggest(field, Object.keys(known));
    throw new Problem(
      [...path, field],
      `${title} has the unknown field ${JSON.stringify(cut(field, 200))}${suggestion}`,
    );
  }
  for (const field of Object.keys(required)) {
    if (!Object.hasOwn(table, field)) throw new Problem([...path, field], `${title} lacks the field "${field}"`);
  }
  for (const [field, value] of Object.entries(table)) {
    const rule = known[field];
    if (keeps(rule, value)) continue;
    const expected = `field "${field}" of ${title} must be ${rule.expected}`;
    throw new Problem([...path, field], `${expected}, received ${inspect(value)}${rule.hint?.(value) ?? ""}`);
  }
}

/** The names of all tables of one kind. */
function checkNames(tables: readonly { readonly name: string }[], kind: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [index, { name }] of tables.entries()) {
    if (names.has(name)) {
      throw new Problem([kind, index, "name"], `the name ${JSON.stringify(name)} of ${kind}[${index}] is taken`);
    }
    names.add(name);
  }
  return names;
}

/** The fields that a task's control mode asks for, and those that it does not know. */
function checkMode(task: SavedTask, path: Path): void {
  const title = titleOf(task as unknown as Table, path);
  const mode = task.control_mode;
  const wants = (field: keyof SavedTask, isWanted: boolean, isPossible = isWanted) => {
    const isThere = task[field] !== undefined;
    if (isWanted && !isThere) throw new Problem([...path, field], `${title} is ${mode} and lacks the field "${field}"`);
    if (!isPossible && isThere) {
      throw new Problem(
        [...path, field],
        `${title} is ${mode} and has no field "${field}", received ${inspect(task[field])}`,
      );
    }
  };
  const hasFunction = mode !== "terminator";
  const isControlled = hasFunction && mode !== "plain";
  wants("function_module", hasFunction);
  wants("function_qualname", hasFunction);
  wants("control_event", isControlled);
  for (const field of ["writes", "latest", "on_abandoned", "machine", "events", "params", "permissions"] as const) {
    wants(field, false, hasFunction);
  }
  const events = Object.keys(task.events ?? {});
  if (isControlled && !events.includes(task.control_event!)) {
    const names = events.map((name) => JSON.stringify(name)).join(", ") || "none";
    const received = JSON.stringify(task.control_event);
    throw new Problem(
      [...path, "control_event"],
      `field "control_event" of ${title} must be a key of its events (${names}), received ${received}`,
    );
  }
}

function checkLatest({ reads = {}, latest = [], ...task }: SavedTask, path: Path): void {
  for (const [index, local] of latest.entries()) {
    if (Object.hasOwn(reads, local)) continue;
    const title = titleOf(task as unknown as Table, path);
    const near = suggest(local, Object.keys(reads));
    const received = `received ${JSON.stringify(local)}`;
    throw new Problem(
      [...path, "latest", index],
      `field "latest" of ${title} must have keys of its reads, ${received}${near}`,
    );
  }
}

function checkTargets(task: SavedTask, path: Path, streams: ReadonlySet<string>, events: ReadonlySet<string>): void {
  const title = titleOf(task as unknown as Table, path);
  const fields = [["reads", "stream", streams], ["writes", "stream", streams], ["events", "event", events]] as const;
  for (const [field, kind, known] of fields) {
    for (const [local, target] of Object.entries(task[field] ?? {})) {
      if (known.has(target)) continue;
      const suggestion = suggest(target, [...known]);
      throw new Problem(
        [...path, field, local],
        `field "${field}" of ${title} names the unknown ${kind} ${JSON.stringify(target)}${suggestion}`,
      );
    }
  }
}

/**
 * Checks everything but the params and the modules.
 *
 * @throws {Problem} The first one that is found.
 */
export function checkDocument(document: Table): asserts document is Table & SavedPipeline {
  // First of all: of another version, nothing else can be said.
  const { format_version } = PIPELINE_FIELDS.required;
  const version = document.format_version;
  const why = whyNewer(version, Math.max(...FORMAT_VERSIONS), "format_version");
  if (why !== null) throw new Problem(["format_version"], why);
  if (Object.hasOwn(document, "format_version") && !keeps(format_version, document.format_version)) {
    checkTable({ format_version: document.format_version }, [], { required: { format_version }, optional: {} });
  }
  checkTable(document, [], PIPELINE_FIELDS);
  for (const [kind, fields] of Object.entries(TABLE_FIELDS)) {
    const tables = (document[kind] ?? []) as readonly Table[];
    for (const [index, table] of tables.entries()) checkTable(table, [kind, index], fields);
  }
  const { streams = [], events = [], tasks = [] } = document as unknown as SavedPipeline;
  const streamNames = checkNames(streams, "streams");
  const eventNames = checkNames(events, "events");
  checkNames(tasks, "tasks");
  for (const [index, task] of tasks.entries()) {
    checkMode(task, ["tasks", index]);
    checkTargets(task, ["tasks", index], streamNames, eventNames);
    checkLatest(task, ["tasks", index]);
  }
}

/**
 * Checks that all texts, keys among them, can be written to a file.
 *
 * @throws {Problem} If one has half of a surrogate pair.
 */
export function checkTexts(value: unknown, path: Path = []): void {
  const check = (text: string, at: Path) => {
    if (!text.isWellFormed()) {
      throw new Problem(at, `${JSON.stringify(text)} has a lone surrogate, which no file can hold`);
    }
  };
  if (typeof value === "string") check(value, path);
  else if (Array.isArray(value)) value.forEach((entry, index) => checkTexts(entry, [...path, index]));
  else if (isTable(value)) {
    for (const [key, entry] of Object.entries(value)) {
      check(key, path);
      checkTexts(entry, [...path, key]);
    }
  }
}
