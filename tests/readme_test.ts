import { deepEqual, equal } from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import config from "../deno.json" with { type: "json" };

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** What people read, of which the package has the first and those in `src`. */
const PAGES = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "ring-wasm/README.md", "tests/bench/README.md"];

async function* pages(folder = "src"): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(ROOT, folder))) {
    if (isDirectory) yield* pages(`${folder}/${name}`);
    else if (name.endsWith(".md")) yield `${folder}/${name}`;
  }
}

/** The paths that the links of a page lead to, from the root. */
async function linksOf(page: string): Promise<string[]> {
  const text = await Deno.readTextFile(join(ROOT, page));
  const targets = Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target.split("#")[0]);
  return targets.filter((target) => target !== "" && !/^[a-z]+:/.test(target))
    .map((target) => relative(ROOT, join(ROOT, dirname(page), target)));
}

const isPublished = (path: string) =>
  config.publish.include.some((part) => path === part || path.startsWith(`${part}/`)) &&
  !config.publish.exclude.some((part) => path === part || path.startsWith(`${part}/`));

Deno.test("The README's first example is the one that examples/line.ts runs", async () => {
  const readme = await Deno.readTextFile(join(ROOT, "README.md"));
  const line = await Deno.readTextFile(join(ROOT, "examples/line.ts"));
  const code = readme.match(/```ts ignore\n([^]*?)```/)![1];
  // The example begins with a comment on how to run it.
  equal(line.slice(line.indexOf("import ")), code);
});

Deno.test("The README has at most 130 lines", async () => {
  const lines = (await Deno.readTextFile(join(ROOT, "README.md"))).trimEnd().split("\n").length;
  equal(Math.max(lines, 130), 130);
});

Deno.test("Links of the pages lead to files that exist, those of published pages to published ones", async () => {
  const dead: string[] = [];
  for (const page of [...PAGES, ...await Array.fromAsync(pages())]) {
    for (const path of await linksOf(page)) {
      const exists = await Deno.stat(join(ROOT, path)).then(() => true, () => false);
      if (!exists || (isPublished(page) && !isPublished(path))) dead.push(`${page} -> ${path}`);
    }
  }
  deepEqual(dead, []);
});
