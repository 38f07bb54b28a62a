/** Where a pipeline's cache is. */

import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { mainModule } from "../main_module.ts";
import { moduleUrl } from "../../worker/module_url.ts";

/**
 * The path of a cache file.
 *
 * @throws {TypeError} If it is a URL of something else than a file, or what SQLite does not take for a file.
 */
export function pathOf(cachePath: string | URL): string {
  const text = String(cachePath);
  const refuse = (why: string): never => {
    throw new TypeError(
      `Cannot make a pipeline: cachePath must be the path or URL of a file${why}, received "${text}"`,
    );
  };
  if (text === ":memory:") refuse("; leave usePersistentCache out to keep nothing");
  if (text.includes("\0")) refuse("");
  // One letter is a drive.
  if (!(cachePath instanceof URL) && !/^[a-z][a-z\d+.-]+:/i.test(text)) return resolve(text);
  if (!URL.canParse(text) || new URL(text).protocol !== "file:") refuse("");
  return fileURLToPath(text);
}

/** The default: `.cache/NAME.db` beside the module that declares the pipeline, by default the program's main module. */
export function defaultCachePath(name: string, module?: ImportMeta | URL | string): string {
  const url = module === undefined ? mainModule() : moduleUrl(module);
  // Modules from elsewhere, and what the runtime makes for `deno eval` and tests, lie beside nothing.
  const folder = url.startsWith("file:") && !url.includes("$deno$") ? dirname(fileURLToPath(url)) : Deno.cwd();
  return join(folder, ".cache", `${fileNameOf(name)}.db`);
}

/** A name as that of a file. A long one is cut, and told apart by its fingerprint. */
function fileNameOf(name: string): string {
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll("*", "%2A");
  if (encoded.length <= 100) return encoded;
  return `${encoded.slice(0, 80)}-${createHash("sha256").update(name).digest("hex").slice(0, 12)}`;
}
