/** Whether a program may import the modules of its workers. Deno would ask for each of them, or break each worker. */

// Without node:path and node:url: a bundle of another format than ESM could not even say what is wrong with it.

/** The folder of the package, if these are its files; in a bundle they are not. */
const OWN_FOLDER = import.meta.url?.startsWith("file:") && import.meta.url.endsWith("/src/worker/may_import.ts")
  ? pathOf(import.meta.url).slice(0, -"/src/worker/may_import.ts".length)
  : undefined;

/** Whether this program may import a module, and nobody is asked for that. */
export function mayImport(url: string): boolean {
  const { protocol, hostname, port } = new URL(url);
  // What a compiled program has in it needs no permission of its own.
  if (Deno.build.standalone || protocol === "data:" || protocol === "blob:") return true;
  const needed: Deno.PermissionDescriptor = protocol === "file:"
    ? { name: "read", path: new URL(url) }
    : { name: "import", host: `${hostname}:${port || 443}` };
  return Deno.permissions.querySync(needed).state === "granted";
}

/**
 * Checks that the files that a worker begins with may be read.
 *
 * @throws {Deno.errors.NotCapable} If one of them may not: it says which permission the program wants.
 */
export function checkReadable(urls: readonly string[]): void {
  const files = urls.filter((url) => url.startsWith("file:"));
  const refused = files.find((url) => !mayImport(url));
  if (refused === undefined) return;
  const folders = new Set([
    ...OWN_FOLDER === undefined ? [] : [OWN_FOLDER],
    ...files.map((url) => folderOf(pathOf(url))),
  ]);
  const needed = [...folders].filter((folder) => ![...folders].some((other) => isInside(folder, other)));
  throw new Deno.errors.NotCapable(
    `workers may not read ${JSON.stringify(pathOf(refused))}: run with --allow-read, or ` +
      `--allow-read=${needed.join(",")}`,
  );
}

function isInside(folder: string, other: string): boolean {
  return folder !== other && folder.startsWith(`${other}/`);
}

/** The path of a file's URL, with slashes on all systems. */
function pathOf(url: string): string {
  const path = decodeURIComponent(new URL(url).pathname);
  return Deno.build.os === "windows" ? path.replace(/^\//, "") : path;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
