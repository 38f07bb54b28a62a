/** What the README says of setting up, and what tasks say on a machine that lacks something. */

import { deepEqual, equal, match } from "node:assert/strict";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import config from "../../deno.json" with { type: "json" };
import { ROOT, runDeno } from "../_deno.ts";

Deno.test("The two lines that the README gives for a clone make every entry point known to another project", async () => {
  const readme = await Deno.readTextFile(join(ROOT, "README.md"));
  const lines = JSON.parse(/```json\n([^]*?)```/.exec(readme)![1]);
  const folder = await Deno.makeTempDir({ prefix: "a project #1 " });
  lines.links = [relative(folder, ROOT)];
  const entries = Object.keys(config.exports).map((entry) => entry.slice(1));
  await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify(lines));
  await Deno.writeTextFile(
    join(folder, "main.ts"),
    `import { Pipeline } from "@ringmill/ringmill";
import { Manager } from "@ringmill/ringmill/runtime";
const entries = ${JSON.stringify(entries)};
const found = entries.map((entry) => import.meta.resolve("@ringmill/ringmill" + entry));
console.log(JSON.stringify([new Pipeline("p", import.meta).name, typeof Manager, ...found]));`,
  );
  const { out, err, code } = await runDeno(["run", "--no-check", "main.ts"], { cwd: folder });
  await Deno.remove(folder, { recursive: true });
  equal(code, 0, err);
  const expected = Object.values(config.exports).map((path) => pathToFileURL(join(ROOT, path)).href);
  deepEqual(JSON.parse(out), ["p", "function", ...expected]);
});

const WITHOUT_RUST: Readonly<Record<string, readonly string[]>> = {
  "deno task wasm --check": ["ring-wasm/build.ts", "--check"],
  "deno task wasm": ["ring-wasm/build.ts"],
  "deno task verify --short": ["ring-wasm/verify/main.ts", "--short"],
  "deno task verify": ["ring-wasm/verify/main.ts"],
};

for (const [task, args] of Object.entries(WITHOUT_RUST)) {
  Deno.test(`${task} says in one sentence what is missing where there is no Rust`, async () => {
    const folder = await Deno.makeTempDir();
    const { code, err } = await runDeno(["run", "-A", "--no-check", ...args], { cwd: ROOT, env: { PATH: folder } });
    await Deno.remove(folder);
    equal(code, 1);
    match(err, /^error: Cannot (build|verify) the ring core: [^\n]*ring-wasm\/README\.md[^\n]*\n$/);
  });
}

Deno.test("No task of deno task ok needs Rust", () => {
  const { tasks } = config;
  const steps = Array.from(tasks.ok.command.matchAll(/deno task (\w+)/g), ([, name]) => name);
  deepEqual(steps, ["lint", "test", "publishable", "page", "vendor"]);
  for (const step of steps) equal(/ring-wasm|cargo|rust/.test(tasks[step as keyof typeof tasks].command), false, step);
});
