/** The map lists the error classes of each entry point. */

import { deepEqual } from "node:assert/strict";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { ROOT } from "../_deno.ts";

/** The names of the error classes that an entry point exports. */
async function errorsOf(path: string): Promise<string[]> {
  const exported: Record<string, unknown> = await import(`../../${path}`);
  const isError = (value: unknown) => typeof value === "function" && value.prototype instanceof Error;
  return Object.keys(exported).filter((name) => isError(exported[name])).sort();
}

/** The table's rows: the names of classes by the name of the entry point. */
async function listed(): Promise<Map<string, string[]>> {
  const map = await Deno.readTextFile(join(ROOT, "src/README.md"));
  const table = map.slice(map.indexOf("\n## Errors"), map.indexOf("\n## Platforms"));
  const rows = new Map<string, string[]>();
  for (const [, entries, classes] of table.matchAll(/^\| (.+?) *\| (.+?) *\|$/gm)) {
    const names = Array.from(classes.matchAll(/`(\w+Error)`/g), ([, name]) => name).sort();
    for (const [, entry] of entries.matchAll(/`(?:@ringmill\/ringmill|…)(\/\w+)?`/g)) {
      rows.set(`.${entry ?? ""}`, names);
    }
  }
  return rows;
}

Deno.test("The map lists all error classes of each entry point, and no others", async () => {
  const rows = await listed();
  const found: Record<string, string[]> = {};
  const expected: Record<string, string[]> = {};
  for (const [entry, path] of Object.entries(config.exports)) {
    found[entry] = rows.get(entry) ?? [];
    expected[entry] = await errorsOf(path);
  }
  deepEqual(found, expected);
});
