/** A program that is bundled or compiled finds its workers. */

import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { CONFIG, runDeno } from "../_deno.ts";

const PROGRAM = fileURLToPath(new URL("./_all_layers.ts", import.meta.url));
const PRINTED = ["pipeline 1 2", "graph 21", "linear true", "actors 2"];

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "bundled ü#%20" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Bundles a program. Whether Deno could: its bundler comes from npm. */
async function bundle(program: string, ...args: string[]): Promise<boolean> {
  const { code, err } = await runDeno(["bundle", "--no-check", "--config", CONFIG, ...args, program]);
  if (code === 0) return true;
  match(err, /esbuild/, err);
  console.error("Without Deno's bundler, which comes from npm, a test is left out");
  return false;
}

function linesOf(out: string): string[] {
  return out.split("\n").filter((line) => /^(pipeline|graph|linear|actors) /.test(line));
}

for (const args of [["--minify", "--output", "one.js"], ["--code-splitting", "--outdir", "o"]]) {
  Deno.test(`The output of deno bundle ${args.join(" ")} runs, with workers of all layers`, async () => {
    await inFolder(async (folder) => {
      const target = join(folder, args.at(-1)!);
      if (!await bundle(PROGRAM, ...args.slice(0, -1), target)) return;
      const file = args.includes("--outdir") ? join(target, "_all_layers.js") : target;
      const { code, out, err } = await runDeno(["run", "--allow-read", "--no-config", file]);
      deepEqual(linesOf(out), PRINTED, err);
      equal(code, 0, err);
    });
  });
}

Deno.test("A bundle that runs its program again in a worker says that import.meta.main is missing", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "unguarded.ts");
    const target = join(folder, "unguarded.js");
    const mod = new URL("../../mod.ts", import.meta.url).href;
    await Deno.writeTextFile(
      file,
      `import { Pipeline } from ${JSON.stringify(mod)};
export function lonely() {}
const pipe = new Pipeline("line", import.meta);
pipe.addTask("lonely", { fn: lonely });
await pipe.run();\n`,
    );
    if (!await bundle(file, "--output", target)) return;
    const { code, err } = await runDeno(["run", "--allow-read", "--no-config", target]);
    equal(code, 1);
    match(err, /put the start behind if \(import\.meta\.main\)/);
  });
});

Deno.test("A bundle in a format that has no import.meta.url says so when it is to start a worker", async () => {
  await inFolder(async (folder) => {
    const target = join(folder, "one.js");
    const classic = join(folder, "classic.js");
    const file = join(folder, "line.ts");
    const mod = new URL("../../mod.ts", import.meta.url).href;
    await Deno.writeTextFile(
      file,
      `import { Manager } from ${JSON.stringify(new URL("../../src/runtime.ts", import.meta.url).href)};
const manager = new Manager("line");
manager.addTask({ name: "lonely", fn: "lonely", module: ${JSON.stringify(mod)} });
manager.compile().catch((error) => console.log(error.message));\n`,
    );
    if (!await bundle(file, "--output", target)) return;
    await esbuild.build({ entryPoints: [target], outfile: classic, format: "iife", logLevel: "silent" });
    await esbuild.stop();
    const { out, err } = await runDeno(["run", "--allow-read", "--no-config", classic]);
    match(out, /Cannot start a worker from a bundle without import\.meta\.url: bundle in the format ESM/, err);
  });
});

/** The paths that Deno lists as embedded: `folder/*` stands for all that lies in a folder. */
function pathsIn(listing: string): string[] {
  const way: string[] = [];
  return Array.from(listing.matchAll(/^([│ ]*[├└]─[─┬] )(.*?)(?: \([^()]*\))?$/gm), ([, branch, name]) => {
    way.splice(branch.length / 2 - 1, Infinity, name);
    return way.join("/");
  });
}

/**
 * Tells what `deno compile` embeds. It needs no runtime for that, and makes no binary: the file that stands for the runtime
 * is none.
 */
async function embeddedIn(folder: string, program: string, ...args: string[]): Promise<(path: string) => boolean> {
  const runtime = join(folder, "runtime");
  await Deno.writeTextFile(runtime, "none");
  const { err } = await runDeno(
    ["compile", "--no-check", "--config", CONFIG, "--allow-read", ...args, "--output", join(folder, "binary"), program],
    { cwd: folder, env: { DENORT_BIN: runtime } },
  );
  match(err, /Embedded Files/);
  const paths = pathsIn(err);
  return (path) =>
    paths.some((one) =>
      one.endsWith(path) || (one.endsWith("/*") && `/${path}`.includes(`/${one.split("/").at(-2)}/`))
    );
}

Deno.test("deno compile embeds the hosts of all workers, and the modules that the program imports", async () => {
  await inFolder(async (folder) => {
    const isEmbedded = await embeddedIn(folder, PROGRAM);
    const hosts = [
      "src/manager/task/task_host.ts",
      "src/actors/thread/kernel_host.ts",
      "src/pool/calls/serve_calls.ts",
      "src/linear/profile/profile_worker.ts",
      "src/linear/profile/memory_sampler.ts",
      "tests/worker/_all_layers.ts",
    ];
    deepEqual(hosts.filter((host) => !isEmbedded(host)), []);
    equal(isEmbedded("src/cli/main.ts"), false);
  });
});

Deno.test("deno compile embeds a saved pipeline and its modules if they are included, and not otherwise", async () => {
  await inFolder(async (folder) => {
    const mod = new URL("../../mod.ts", import.meta.url).href;
    const program = join(folder, "main.ts");
    await Deno.writeTextFile(join(folder, "line.toml"), "# a saved pipeline\n");
    await Deno.writeTextFile(join(folder, "tasks.ts"), "export function lonely() {}\n");
    await Deno.writeTextFile(
      program,
      `import { Pipeline } from ${JSON.stringify(mod)};
await Pipeline.reconstruct(new URL("./line.toml", import.meta.url));\n`,
    );
    const without = await embeddedIn(folder, program);
    const included = await embeddedIn(folder, program, "--include", "line.toml", "--include", "tasks.ts");
    for (const file of ["line.toml", "/tasks.ts"]) deepEqual([without(file), included(file)], [false, true], file);
  });
});
