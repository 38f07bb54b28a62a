/** The house's rules see what breaks them. */

import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import {
  findAmbiguousNames,
  findCircles,
  findHiddenExports,
  findTrespasses,
  findUnusedExports,
  importsOf,
  roomOf,
} from "./rooms.ts";

/** The imports of modules, by their paths. */
function importsIn(texts: Readonly<Record<string, string>>) {
  return Object.entries(texts).flatMap(([path, text]) => importsOf(path, text));
}

Deno.test("roomOf() knows rooms from their insides", () => {
  const rooms = {
    "mod.ts": ".",
    "src/rules.ts": "src",
    "src/ring/reader.ts": "src/ring",
    "src/manager/task/blueprint.ts": "src/manager",
    "src/manager/task/deep/er.ts": "src/manager",
    "src/graph/nodes/filter_node.ts": "src/graph/nodes",
    "src/graph/execution/links.ts": "src/graph",
    "src/view/live/sketch/sketch_line.ts": "src/view/live",
  };
  deepEqual(Object.fromEntries(Object.keys(rooms).map((path) => [path, roomOf(path)])), rooms);
});

Deno.test("importsOf() sees every form of a static import", () => {
  const text = `/** import { no } from "./in_a_comment.ts"; */
import "./effect.ts";
import { a } from "./a.ts";
import { type B } from "./b.ts";
import type { C } from "./c.ts";
import {
  type D,
  d,
} from "./d.ts";
import * as e from "./e.ts";
import f, { type F } from "./f.ts";
import npm from "npm";
export * from "./g.ts";
export { type H } from "./h.ts";
export * as i from "../i.ts";
`;
  deepEqual(
    importsOf("src/x/y.ts", text).map(({ path, isType, isExport }) => [path, isType, isExport]),
    [
      ["src/x/effect.ts", false, false],
      ["src/x/a.ts", false, false],
      ["src/x/b.ts", true, false],
      ["src/x/c.ts", true, false],
      ["src/x/d.ts", false, false],
      ["src/x/e.ts", false, false],
      ["src/x/f.ts", false, false],
      ["src/x/g.ts", false, true],
      ["src/x/h.ts", true, true],
      ["src/i.ts", false, true],
    ],
  );
});

Deno.test("findTrespasses() finds imports of another room's insides, of types as well, and no others", () => {
  const imports = importsIn({
    "src/pipeline/pipeline.ts":
      `import { x } from "../manager/task/blueprint.ts";\nimport { y } from "../ring/ring.ts";`,
    "src/graph/graph.ts": `import type { x } from "../manager/task/blueprint.ts";`,
    "src/manager/manager.ts": `import { x } from "./task/blueprint.ts";`,
    "src/manager/supervision/watch.ts": `import { x } from "../task/blueprint.ts";`,
    "src/view/draw/svg.ts": `export { x } from "../live/sketch/sketch_line.ts";`,
    "mod.ts": `export { x } from "./src/pipeline/saved/save.ts";`,
  });
  deepEqual(findTrespasses(imports), [
    "src/pipeline/pipeline.ts imports src/manager/task/blueprint.ts, which is inside of src/manager",
    "src/graph/graph.ts imports src/manager/task/blueprint.ts, which is inside of src/manager",
    "src/view/draw/svg.ts imports src/view/live/sketch/sketch_line.ts, which is inside of src/view/live",
    "mod.ts imports src/pipeline/saved/save.ts, which is inside of src/pipeline",
  ]);
});

Deno.test("findHiddenExports() finds what a mod.ts exports from insides, its own as well", () => {
  const imports = importsIn({
    "src/graph/mod.ts": `export { a } from "./graph.ts";
export { b } from "./nodes/filter_node.ts";
export { c } from "./execution/links.ts";
import { d } from "./execution/links.ts";`,
    "src/graph/graph.ts": `export { c } from "./execution/links.ts";`,
  });
  deepEqual(findHiddenExports(imports), [
    "src/graph/mod.ts exports from src/graph/execution/links.ts, which is inside of src/graph",
  ]);
});

Deno.test("findCircles() finds circles of values of any length, and none of types", () => {
  equal(findCircles(importsIn({ "src/a.ts": `import { a } from "./a.ts";` }))[0], "src/a.ts imports src/a.ts");
  const three = {
    "src/a.ts": `import { b } from "./b.ts";`,
    "src/b.ts": `import "./c.ts";`,
    "src/c.ts": `export * from "./a.ts";`,
  };
  deepEqual(findCircles(importsIn(three)), ["src/a.ts imports src/b.ts imports src/c.ts imports src/a.ts"]);
  deepEqual(findCircles(importsIn({ ...three, "src/c.ts": `import type { A } from "./a.ts";` })), []);
  deepEqual(findCircles(importsIn({ ...three, "src/b.ts": `import { type C } from "./c.ts";` })), []);
});

Deno.test("findAmbiguousNames() finds a public name that two entry points declare, and no re-export", async () => {
  const folder = await Deno.makeTempDir();
  const files = {
    "shared.ts": "/** One. */\nexport const shared = 1;\n",
    "one.ts": `export { shared } from "./shared.ts";\n/** Mine. */\nexport interface Options { a: number }\n`,
    "two.ts": `export { shared } from "./shared.ts";\n/** Another. */\nexport interface Options { b: number }\n`,
  };
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(folder, name), text);
  const found = await findAmbiguousNames([join(folder, "one.ts"), join(folder, "two.ts")]);
  await Deno.remove(folder, { recursive: true });
  equal(found.length, 1);
  match(found[0], /^"Options" is declared in .*one\.ts and in .*two\.ts$/);
});

Deno.test("findUnusedExports() finds a value that no other module names, in src alone", () => {
  const texts = new Map([
    ["src/a.ts", "export const used = 1;\nexport function unused() {}\nexport interface Options {}\nconst own = used;"],
    ["src/b.ts", `import { used } from "./a.ts";\nexport abstract class Lonely {}\nexport async function* tested() {}`],
    ["src/graph/mod.ts", "export const entry = 1;"],
    ["src/ring/core.generated.ts", "export const compiler = 1;"],
    ["tests/b_test.ts", `import { tested } from "../src/b.ts";\nexport const mine = 1;`],
  ]);
  deepEqual(findUnusedExports(texts), [
    "src/a.ts exports unused, which no other module names",
    "src/b.ts exports Lonely, which no other module names",
  ]);
});
