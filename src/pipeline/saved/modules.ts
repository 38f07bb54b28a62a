/** Modules, as a saved pipeline names them, and which of them may be loaded. */

import { isAbsolute, join, posix, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { moduleUrl } from "../../worker/module_url.ts";
import type { ModuleReference } from "../wiring.ts";
import { inspect } from "./problem.ts";

/** How a file names a module: relative to itself, as an import would; any but a `file:` URL by itself. */
export function referenceTo(module: string, file: URL): string {
  const url = new URL(module);
  if (url.protocol !== "file:" || url.host !== file.host) return url.href;
  const path = posix.relative(posix.dirname(file.pathname), url.pathname);
  return `${path.startsWith("../") ? "" : "./"}${path}${url.search}${url.hash}`;
}

const NOT_ALLOWED = "not among those of the option allowModules";

/** A folder or module that may be loaded, by the path that names it and by that which it really has. */
interface Root {
  readonly path: string;
  readonly real: string;
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** What may be loaded beyond the folder of a file. */
export class AllowedModules {
  readonly #roots: Root[] = [];
  readonly #urls: string[] = [];

  /**
   * The folder, and what else the caller allows.
   *
   * @throws {TypeError} If one of `modules` is none.
   * @throws {Deno.errors.NotFound} If there is no such folder or module.
   */
  static async of(folder: string, modules: readonly ModuleReference[]): Promise<AllowedModules> {
    if (!Array.isArray(modules)) {
      throw new TypeError(`Cannot reconstruct a pipeline: allowModules must be an array, received ${inspect(modules)}`);
    }
    const allowed = new AllowedModules();
    await allowed.#addRoot(folder);
    for (const module of modules) {
      const url = new URL(moduleUrl(module));
      if (url.protocol === "file:") await allowed.#addRoot(fileURLToPath(url));
      else allowed.#urls.push(url.href);
    }
    return allowed;
  }

  async #addRoot(path: string): Promise<void> {
    this.#roots.push({ path, real: await Deno.realPath(path) });
  }

  /**
   * Resolves what a file says. Nothing is loaded, and the file system is not asked about what is not allowed.
   *
   * @returns The absolute URL of the module, or why it cannot be loaded.
   */
  async resolve(reference: string, file: URL): Promise<URL | string> {
    let url: URL;
    try {
      url = new URL(moduleUrl(reference, file.href));
    } catch {
      return "names what is no module";
    }
    if (url.protocol !== "file:") return this.#mayFetch(url) ? url : `names a module that is ${NOT_ALLOWED}`;
    return await this.#resolveFile(url, file);
  }

  #mayFetch({ protocol, href }: URL): boolean {
    // A `data:` URL holds no path to compare.
    const isBelow = (root: string) => root.endsWith("/") && protocol !== "data:" && href.startsWith(root);
    return this.#urls.some((root) => root === href || isBelow(root));
  }

  /** By its path without links below its root: they may lead elsewhere by the time it is loaded. */
  async #resolveFile(url: URL, file: URL): Promise<URL | string> {
    let path: string;
    try {
      path = fileURLToPath(url);
    } catch {
      return "names what is no module";
    }
    if (path.includes("\0")) return "names what is no module";
    const outside = `outside the file's folder and ${NOT_ALLOWED}`;
    if (!this.#roots.some((root) => isInside(root.path, path))) return `names a module that is ${outside}`;
    try {
      const real = await Deno.realPath(path);
      const root = this.#roots.find((root) => isInside(root.real, real));
      if (!root) return `names a link that leads ${outside}`;
      if (real === await Deno.realPath(file).catch(() => null)) return "names the file itself";
      if (!(await Deno.stat(real)).isFile) return "names what is no file";
      return withQueryOf(url, join(root.path, relative(root.real, real)));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "names a module that does not exist";
      // Such as a path through what is no folder, a name that is too long, or links in a circle.
      if (error instanceof Deno.errors.NotCapable) throw error;
      return `names a module that cannot be found (${(error as Error).message})`;
    }
  }
}

function withQueryOf({ search, hash }: URL, path: string): URL {
  const url = pathToFileURL(path);
  url.search = search;
  url.hash = hash;
  return url;
}
