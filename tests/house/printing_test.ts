/** All that is printed goes through few places, which make the texts of others harmless. */

import { deepEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";

const SRC = fileURLToPath(new URL("../../src/", import.meta.url));

/** What may print. */
const PLACES = ["notices.ts", "terminal.ts", "cli/program/loading.ts"];

function* sources(folder = ""): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(SRC + folder)) {
    const path = folder + name;
    if (isDirectory && path !== "vendor" && path !== "view/page") yield* sources(`${path}/`);
    else if (name.endsWith(".ts")) yield path;
  }
}

Deno.test("Nothing but notices.ts, terminal.ts and the reminder of loading.ts prints", () => {
  const printing = [...sources()].filter((path) => {
    const code = Deno.readTextFileSync(SRC + path).replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
    return /\bconsole\.(log|info|warn|error|debug|trace|dir|table)\b|Deno\.std(out|err)\.write|new Terminal\(/.test(
      code,
    );
  });
  deepEqual(printing.sort(), [...PLACES].sort());
});
