/** A checkout may lie in a folder with spaces, `#`, `%20` or umlauts in its name: the path of a URL is written otherwise. */

import { deepEqual } from "node:assert/strict";
import { join } from "node:path";
import { ROOT } from "../_deno.ts";

/** What takes the pathname of a file's URL for a path. */
const WRONG = /new URL\((?:"[^"]*"|\w+), *(?:import\.meta\.url|\w*root|\w*ROOT)\)\.pathname/;

async function* modulesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(ROOT, folder))) {
    if (isDirectory && name !== "target" && name !== "node_modules") yield* modulesBelow(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}

Deno.test("No module takes the pathname of a URL for a path: fileURLToPath() is there for that", async () => {
  const wrong: string[] = [];
  for (const folder of ["src", "tests", "examples", "ring-wasm"]) {
    for await (const path of modulesBelow(folder)) {
      if (WRONG.test(await Deno.readTextFile(join(ROOT, path)))) wrong.push(path);
    }
  }
  deepEqual(wrong, []);
});
