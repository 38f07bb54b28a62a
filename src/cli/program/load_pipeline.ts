/** Finds the pipeline that a command is about. */

import { basename, dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { setMainModule } from "../../linear/main_module.ts";
import { Pipeline } from "../../pipeline/pipeline.ts";
import { suggest } from "../../suggest.ts";
import { endOnUncaught } from "./ending.ts";
import { TargetError, UsageError } from "./exit_status.ts";
import { Loading } from "./loading.ts";
import { parsePermissions } from "./parse_permissions.ts";

/** How to find it. */
export interface LoadOptions {
  /** The export of a module. */
  readonly export?: string;
  /** Modules that a saved pipeline may name beyond its own folder. */
  readonly allowModule?: readonly string[];
  /** The most that tasks of a saved pipeline may do: "none", or permissions such as "read=/data". */
  readonly permissions?: readonly string[];
}

const MODULE = /\.[cm]?[jt]sx?$/i;
const SAVED = /\.toml$/i;

/** What a module may export: itself, or as a function that makes it. */
export interface Kind<Thing> {
  readonly name: string;
  readonly includes: (value: unknown) => value is Thing;
}

/**
 * The pipeline of a saved file, or what a module exports.
 *
 * @throws {UsageError} If `target` is neither, or the options do not suit it.
 * @throws {TargetError} If there is nothing there, or nothing of that kind.
 * @throws {PipelineFileError} If the saved file is broken.
 */
export async function load<Thing>(target: string, options: LoadOptions, kind: Kind<Thing>): Promise<Thing | Pipeline> {
  const url = urlOf(target);
  const isFile = url.protocol === "file:";
  if (isFile) await expectFile(target, fileURLToPath(url));
  if (isFile && SAVED.test(url.pathname)) return await loadFile(target, url, options);
  if (isFile && !MODULE.test(url.pathname)) {
    throw new UsageError(`Cannot load ${target}: expected a saved pipeline (.toml) or a module (.ts, .js)`);
  }
  return await loadModule(target, url, options, kind);
}

/**
 * The URL of a path, unless it begins with the name of a protocol. A single letter is a drive.
 *
 * @throws {UsageError} If what begins so is no URL.
 */
export function urlOf(target: string): URL {
  if (!/^[a-z][a-z\d+.-]+:/i.test(target)) return pathToFileURL(resolve(target));
  if (!URL.canParse(target)) throw new UsageError(`Cannot load ${target}: it is no URL`);
  return new URL(target);
}

async function expectFile(target: string, path: string): Promise<void> {
  const { isFile } = await Deno.stat(path).catch(async (error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new TargetError(`Cannot load ${target}: there is no such file${await nearFile(path)}`);
  });
  if (!isFile) throw new TargetError(`Cannot load ${target}: it is no file`);
}

/** A hint at a file beside it that may have been meant. */
async function nearFile(path: string): Promise<string> {
  const names: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(dirname(path))) {
      if (isFile && (SAVED.test(name) || MODULE.test(name))) names.push(name);
    }
  } catch {
    return ""; // There is no such folder either.
  }
  return suggest(basename(path), names.sort());
}

async function loadFile(
  target: string,
  url: URL,
  { export: exportName, allowModule, permissions }: LoadOptions,
): Promise<Pipeline> {
  if (exportName !== undefined) throw new UsageError(`Cannot load ${target}: --export is for modules`);
  const cap = permissions && parsePermissions(permissions);
  return await Pipeline.reconstruct(url, { allowModules: allowModule?.map(urlOf), permissions: cap });
}

async function loadModule<Thing>(
  target: string,
  { href }: URL,
  { export: name = "default", allowModule, permissions }: LoadOptions,
  kind: Kind<Thing>,
): Promise<Thing> {
  if (permissions) throw new UsageError(`Cannot load ${target}: --permissions is for saved pipelines`);
  if (allowModule) throw new UsageError(`Cannot load ${target}: --allow-module is for saved pipelines`);
  using _loading = new Loading(target);
  setMainModule(href);
  const exports = await attempt<Record<string, unknown>>(() => import(href), `Cannot load ${target}: it`);
  endOnUncaught();
  if (!Object.hasOwn(exports, name)) {
    const names = Object.keys(exports);
    const has = names.length === 0 ? "nothing" : names.join(", ");
    const meant = name === "default" ? "a default export; name another one with --export" : `an export "${name}"`;
    throw new TargetError(`Cannot load ${target}: it does not have ${meant}${suggest(name, names)}; it exports ${has}`);
  }
  const found = exports[name];
  const subject = `Cannot load ${target}: export "${name}"`;
  const isFunction = typeof found === "function";
  const made = isFunction ? await attempt(async () => await found(), subject) : found;
  if (kind.includes(made)) return made;
  const problem = isFunction ? `is a function that does not return a ${kind.name}` : `is no ${kind.name}`;
  throw new TargetError(`${subject} ${problem}, received ${Deno.inspect(made, { depth: 0 })}`);
}

/** Does what runs somebody else's code. */
async function attempt<Result>(act: () => Promise<Result>, subject: string): Promise<Result> {
  try {
    return await act();
  } catch (cause) {
    throw new TargetError(`${subject} failed`, { cause });
  }
}

/** Also one of another copy of this package, which a module may import. */
export function isPipeline(value: unknown): value is Pipeline {
  return value instanceof Pipeline ||
    typeof value === "object" && value !== null && value.constructor?.name === "Pipeline" && "startMonitor" in value;
}
