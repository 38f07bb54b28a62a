/**
 * Holds the rules of the house, as `deno task lint` runs it:
 *
 * - A folder of {@link ROOMS} is a room. Its files may be imported from everywhere; those of its other folders, its
 *   insides, from the room alone.
 * - A `mod.ts` exports from rooms only.
 * - Values are not imported in a circle.
 * - A public name has one declaration, whatever entry points export it.
 * - A value that a module of `src` exports is named somewhere else.
 */

import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Rooms besides the folders of `src`, which are all rooms. */
const ROOMS = ["src/graph/nodes", "src/graph/stores", "src/view/describe", "src/view/draw", "src/view/live"];

/** What a module imports: a path from the root, and whether only types. */
interface Import {
  readonly from: string;
  readonly path: string;
  readonly isType: boolean;
  readonly isExport: boolean;
}

const NAMES = String.raw`(?:\w+\s*,\s*)?(?:\{[^}]*\}|\*(?:\s+as\s+\w+)?)|\w+`;
const IMPORT = new RegExp(String.raw`^(import|export)\s+(type\s+)?((?:${NAMES})\s+from\s+)?"(\.[^"]+)"`, "gm");

/** Whether `{ type A, type B }` lists nothing but types. */
function listsTypes(clause: string): boolean {
  const names = /^\{([^}]*)\}/.exec(clause)?.[1].split(",").map((name) => name.trim()).filter(Boolean);
  return names !== undefined && names.length > 0 && names.every((name) => name.startsWith("type "));
}

/** The static imports and re-exports of a module. */
export function importsOf(path: string, text: string): Import[] {
  return Array.from(text.matchAll(IMPORT), ([, kind, type, clause, target]) => ({
    from: path,
    path: join(dirname(path), target),
    isType: type !== undefined || listsTypes(clause ?? ""),
    isExport: kind === "export",
  }));
}

const isRoom = (folder: string) => ROOMS.includes(folder) || folder.split("/").length <= 2;

/** The room that a file of `src` lies in. */
export function roomOf(path: string): string {
  let folder = dirname(path);
  while (!isRoom(folder)) folder = dirname(folder);
  return folder;
}

/** Imports that reach into the insides of another room. */
export function findTrespasses(imports: readonly Import[]): string[] {
  const isInside = (path: string) => path.startsWith("src/") && roomOf(path) !== dirname(path);
  const wrong = imports.filter(({ from, path }) =>
    isInside(path) && !`${dirname(from)}/`.startsWith(`${roomOf(path)}/`)
  );
  return wrong.map(({ from, path }) => `${from} imports ${path}, which is inside of ${roomOf(path)}`);
}

/** Exports of a `mod.ts` from the insides of a room, its own as well. */
export function findHiddenExports(imports: readonly Import[]): string[] {
  const wrong = imports.filter(({ from, path, isExport }) =>
    isExport && /(^|\/)mod\.ts$/.test(from) && roomOf(path) !== dirname(path)
  );
  return wrong.map(({ from, path }) => `${from} exports from ${path}, which is inside of ${roomOf(path)}`);
}

/** Circles of imports of values. */
export function findCircles(imports: readonly Import[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, path, isType } of imports) {
    if (!isType) next.set(from, [...next.get(from) ?? [], path]);
  }
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, way: readonly string[]) => {
    const start = way.indexOf(path);
    if (start >= 0) circles.push(`${[...way.slice(start), path].join(" imports ")}`);
    if (start >= 0 || done.has(path)) return;
    for (const other of next.get(path) ?? []) visit(other, [...way, path]);
    done.add(path);
  };
  for (const path of next.keys()) visit(path, []);
  return circles;
}

const EXPORT = /^export (?:abstract )?(?:async )?(?:const|let|function\*?|class) (\w+)/gm;

/** Values that a module of `src` exports, and that no other module names. Texts by their paths; generated ones do not count. */
export function findUnusedExports(texts: ReadonlyMap<string, string>): string[] {
  const namedIn = new Map<string, Set<string>>();
  for (const [path, text] of texts) {
    for (const word of new Set(text.match(/\w+/g))) namedIn.set(word, (namedIn.get(word) ?? new Set()).add(path));
  }
  const isOurs = (path: string) => path.startsWith("src/") && !/generated|\/vendor\/|\/mod\.ts$/.test(path);
  return Array.from(texts).filter(([path]) => isOurs(path)).flatMap(([path, text]) =>
    Array.from(text.matchAll(EXPORT), ([, name]) => name)
      .filter((name) => namedIn.get(name)!.size === 1)
      .map((name) => `${path} exports ${name}, which no other module names`)
  );
}

/** Public names that stand for different things in different entry points. */
export async function findAmbiguousNames(entries: readonly string[]): Promise<string[]> {
  const places = new Map<string, Set<string>>();
  for (const entry of entries) {
    const args = ["doc", "--json", "--no-npm", entry];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT, stderr: "null" }).output();
    for (const { name, place } of declarationsIn(JSON.parse(new TextDecoder().decode(stdout)))) {
      places.set(name, (places.get(name) ?? new Set()).add(place));
    }
  }
  const several = Array.from(places).filter(([, where]) => where.size > 1);
  return several.map(([name, where]) => `"${name}" is declared in ${Array.from(where).join(" and in ")}`);
}

interface Documented {
  readonly nodes: Record<string, { readonly symbols: readonly DocumentedSymbol[] }>;
}

interface DocumentedSymbol {
  readonly name: string;
  readonly declarations: readonly { readonly location: { readonly filename: string } }[];
}

/** What an entry point exports, each with the file that declares it. */
function declarationsIn({ nodes }: Documented): { readonly name: string; readonly place: string }[] {
  const symbols = Object.values(nodes).flatMap(({ symbols }) => symbols);
  return symbols.flatMap(({ name, declarations }) =>
    declarations.map(({ location }) => ({ name, place: relative(ROOT, fileURLToPath(location.filename)) }))
  );
}

async function* modulesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(ROOT, folder))) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* modulesBelow(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

/** The texts of all modules below some folders, and of `mod.ts`, by their paths. */
async function textsOf(folders: readonly string[]): Promise<Map<string, string>> {
  const texts = new Map([["mod.ts", await Deno.readTextFile(join(ROOT, "mod.ts"))]]);
  for (const folder of folders) {
    for await (const path of modulesBelow(folder)) texts.set(path, await Deno.readTextFile(join(ROOT, path)));
  }
  return texts;
}

if (import.meta.main) {
  const paths = ["mod.ts", ...await Array.fromAsync(modulesBelow("src"))];
  const texts = await Promise.all(paths.map((path) => Deno.readTextFile(join(ROOT, path))));
  const imports = paths.flatMap((path, index) => importsOf(path, texts[index]));
  const problems = [
    ...findTrespasses(imports),
    ...findHiddenExports(imports),
    ...findCircles(imports),
    ...await findAmbiguousNames(Object.values(config.exports)),
    ...findUnusedExports(await textsOf(["src", "tests", "examples", "ring-wasm"])),
  ];
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) Deno.exit(1);
}
