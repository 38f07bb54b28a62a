/**
 * Finds the test files that start programs other than Deno, themselves or by a module of the tests that they import. `.ci/run`
 * runs these once more with a PATH that holds Deno alone.
 *
 *     deno run --allow-read tests/house/starters.ts
 */

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const IMPORT = /\bfrom "(\.[^"]+)"/g;
const START = /Deno\.Command\((?!\s*Deno\.execPath\(\))/;

async function* modulesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(ROOT, folder))) {
    if (isDirectory) yield* modulesBelow(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}

/** The modules of `texts`, by their paths, that start programs other than Deno, directly or by what they import. */
export function startersAmong(texts: ReadonlyMap<string, string>): string[] {
  const paths = Array.from(texts.keys());
  const starters = new Set(paths.filter((path) => START.test(texts.get(path)!)));
  const importsOne = (path: string) =>
    Array.from(texts.get(path)!.matchAll(IMPORT)).some(([, target]) => starters.has(join(dirname(path), target)));
  for (let count = -1; count !== starters.size;) {
    count = starters.size;
    for (const path of paths) if (importsOne(path)) starters.add(path);
  }
  return paths.filter((path) => starters.has(path));
}

if (import.meta.main) {
  const paths = (await Array.fromAsync(modulesBelow("tests"))).sort();
  const texts = new Map<string, string>();
  for (const path of paths) texts.set(path, await Deno.readTextFile(join(ROOT, path)));
  for (const path of startersAmong(texts)) if (path.endsWith("_test.ts")) console.log(path);
}
