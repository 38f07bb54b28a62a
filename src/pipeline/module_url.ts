/** Turns what a user names a module by into its URL. */

import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import type { ModuleReference } from "./wiring.ts";

/** The absolute URL of a module. A relative path or URL is resolved against `base`, itself a URL. */
export function moduleUrl(module: ModuleReference, base: string): string {
  if (module instanceof URL) return module.href;
  if (typeof module === "object" && module !== null && typeof module.url === "string") return module.url;
  if (typeof module !== "string" || module === "") {
    throw new TypeError(
      `Cannot find a module: expected import.meta, a URL or a path, received ${Deno.inspect(module)}`,
    );
  }
  return isAbsolute(module) ? pathToFileURL(module).href : new URL(module, base).href;
}
