/** Turns what a user names a module by into its URL. */

import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";

/** A module, by its `import.meta`, URL or path. A path is relative to the pipeline's module. */
export type ModuleReference = { readonly url: string } | URL | string;

/** The absolute URL of a module. A relative path or URL is resolved against `base`, or else the current folder. */
export function moduleUrl(module: ModuleReference, base?: string): string {
  if (module instanceof URL) return module.href;
  if (typeof module === "object" && module !== null && typeof module.url === "string") return module.url;
  if (typeof module !== "string" || module.trim() === "") {
    throw new TypeError(
      `Cannot find a module: expected import.meta, a URL or a path, received ${Deno.inspect(module)}`,
    );
  }
  if (isAbsolute(module)) return pathToFileURL(module).href;
  if (URL.canParse(module)) return module;
  return new URL(module, base ?? pathToFileURL(`${Deno.cwd()}/`)).href;
}
