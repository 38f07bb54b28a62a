/** The folder of a recording: `recording.toml`, and one file for each stream, or several parts of one. */

import { parse, stringify } from "toml";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { publishNew } from "../../files.ts";
import { whyUnreadable } from "../../format_version.ts";

/** What the folder's description says. */
export interface FolderHead {
  /** The pipeline's name. */
  readonly pipeline: string;
  /** One run of one program: what belongs together. */
  readonly run: string;
  /** When it was begun. */
  readonly startedAt: Date;
}

const VERSION = 1;
const DESCRIPTION = "recording.toml";
const EXTENSION = ".arrows";
const PART = /^(.+)-(\d{5,})\.arrows$/;

/** The path that a folder was named by. */
export const folderPath = (folder: string | URL): string => folder instanceof URL ? fileURLToPath(folder) : folder;

/** The name of a stream, or of a task, as the name of a file. */
export const fileName = (stream: string): string =>
  encodeURIComponent(stream).replaceAll("*", "%2A").replace(/^\./, "%2E").replace(/-(?=\d{5,}$)/, "%2D");

/** The file of a stream's part; without a number, of the only one. */
export function partPath(folder: string, stream: string, part?: number): string {
  const number = part === undefined ? "" : `-${String(part).padStart(5, "0")}`;
  return join(folder, `${fileName(stream)}${number}${EXTENSION}`);
}

/**
 * Makes the folder, and its description unless another stream of the same run has done so.
 *
 * @throws {Error} If another recording is there, or there cannot be a folder.
 */
export function makeFolder(folder: string, head: FolderHead): void {
  try {
    Deno.mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new Error(`Cannot record into ${folder}: ${(cause as Error).message}`, { cause });
  }
  const text = stringify({
    format_version: VERSION,
    pipeline: head.pipeline,
    run: head.run,
    started_at: head.startedAt,
  });
  if (publish(folder, text)) return;
  untilNotEmpty(join(folder, DESCRIPTION));
  if (readFolderHead(folder).run !== head.run) {
    throw new Error(`Cannot record into ${folder}: it holds another recording`);
  }
}

/** Puts the description there whole. False if there is one already. */
function publish(folder: string, text: string): boolean {
  const draft = join(folder, `.${crypto.randomUUID()}.toml`);
  Deno.writeTextFileSync(draft, text);
  try {
    publishNew(draft, join(folder, DESCRIPTION));
    return true;
  } catch (error) {
    Deno.removeSync(draft);
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    return false;
  }
}

/** How long another stream of the run may take to write the description, in milliseconds. */
const WRITTEN_MS = 1000;
const LOOK_MS = 5;

/** Where there are no links, somebody has the name before the text. */
function untilNotEmpty(path: string): void {
  const until = performance.now() + WRITTEN_MS;
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  while (Deno.statSync(path).size === 0 && performance.now() < until) Atomics.wait(nothing, 0, 0, LOOK_MS);
}

/**
 * What a folder's description says.
 *
 * @throws {Error} If it is none, or a newer one.
 */
export function readFolderHead(folder: string): FolderHead {
  const cannot = `Cannot open recording ${folder}`;
  const text = readDescription(folder, cannot);
  let table: Record<string, unknown>;
  try {
    table = parse(text);
  } catch (error) {
    throw new Error(`${cannot}: ${DESCRIPTION} is no TOML`, { cause: error });
  }
  const why = whyUnreadable(table.format_version, { newest: VERSION, name: "format_version" });
  if (why !== null) throw new Error(`${cannot}: ${DESCRIPTION}: ${why}`);
  const { pipeline, run, started_at } = table;
  if (typeof pipeline !== "string" || typeof run !== "string" || !(started_at instanceof Date)) {
    throw new Error(`${cannot}: ${DESCRIPTION} lacks pipeline, run or started_at`);
  }
  return { pipeline, run, startedAt: new Date(started_at) };
}

/** The list of dead letters, in the order in which they came. */
export const LIST_OF_DEAD_LETTERS = "letters.jsonl";

/** A hint, where there are dead letters. */
function deadLettersIn(folder: string): string {
  if (!existsSync(join(folder, LIST_OF_DEAD_LETTERS))) return "";
  const folders = Array.from(Deno.readDirSync(folder)).filter(({ isDirectory }) => isDirectory);
  const names = folders.map(({ name }) => join(folder, name)).sort().join(", ") || "there are none";
  return `, but dead letters, those of each task a recording of its own: ${names}`;
}

function readDescription(folder: string, cannot: string): string {
  const path = join(folder, DESCRIPTION);
  try {
    if (!Deno.statSync(path).isFile) throw new TypeError(`${DESCRIPTION} is no file`);
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw new Error(`${cannot}: ${(error as Error).message}`, { cause: error });
    }
    throw new Error(`${cannot}: it has no ${DESCRIPTION}${deadLettersIn(folder)}`, { cause: error });
  }
}

/** The files of each stream, by its name, in their order. */
export function partsIn(folder: string): Map<string, string[]> {
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) => name.endsWith(EXTENSION));
  const parts = new Map<string, string[]>();
  for (const name of names.sort()) {
    const stem = PART.exec(name)?.[1] ?? name.slice(0, -EXTENSION.length);
    const stream = decodeName(stem);
    parts.set(stream, [...parts.get(stream) ?? [], join(folder, name)]);
  }
  return parts;
}

function decodeName(stem: string): string {
  try {
    return decodeURIComponent(stem);
  } catch {
    return stem;
  }
}
