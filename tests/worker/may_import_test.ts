/** Programs that may not read the modules of their workers. */

import { equal, match, throws } from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkReadable, mayImport } from "../../src/worker/may_import.ts";
import { temporaryFolder } from "../examples/_run.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");

/** Says in one line why each kind of worker cannot be started. */
const PROGRAM = `
import { Pipeline } from "@ringmill/ringmill";
import { ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";
import { WorkerPool } from "@ringmill/ringmill/graph";
export function task({ s }) { s.write(s.frame()); }
export const kernel = ringKernel({ id: "k", module: import.meta }, async () => {});
export function work() { return 1; }
if (import.meta.main) {
  const say = (name, promise) => promise.then(() => console.log(name, "ran"), (e) => console.log(name, String(e)));
  const pipe = new Pipeline("p", import.meta);
  const s = pipe.addStream("s", { shape: [1], dtype: "int8" });
  pipe.addTask("task", { fn: task, writes: { s } });
  pipe.addTask.terminator("none", { reads: { s } });
  await say("task", pipe.run());
  await pipe.close();
  const pool = new WorkerPool({ name: "calls" });
  await say("pool", pool.run({ module: import.meta.url, exportName: "work" }, []));
  await pool.close();
  await using runtime = new RingKernelRuntime();
  await say("kernel", runtime.launch("k", kernel));
}
`;

async function run(flags: readonly string[]): Promise<{ out: string; err: string }> {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "main.js");
  await Deno.writeTextFile(file, PROGRAM);
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--config",
      join(ROOT, "deno.json"),
      ...flags.map((f) => f.replace("HERE", folder.path)),
      file,
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  const clean = (bytes: Uint8Array) => text.decode(bytes).replaceAll(folder.path, "HERE").replaceAll(ROOT, "ROOT");
  return { out: clean(stdout), err: clean(stderr) };
}

Deno.test("A program that may not read its workers' modules is told so in one sentence, and with it runs", async () => {
  const { out, err } = await run([]);
  const sentence =
    /NotCapable: workers may not read "ROOT\/src\/[^"]*": run with --allow-read, or --allow-read=ROOT(,HERE)?$/;
  match(out, /^task TaskError: Task "task" failed: its worker could not be started: /);
  equal(out.trim().split("\n").length, 3, out + err);
  for (const line of out.trim().split("\n")) match(line, sentence);
  equal(err, "");
  const own = await run([`--allow-read=${ROOT}`]);
  match(own.out, /^task .* workers may not read "HERE\/main\.js": run with --allow-read, or --allow-read=ROOT,HERE\n/);
  equal(own.err, "");
  const both = await run([`--allow-read=${ROOT},HERE`]);
  equal(both.out, "task ran\npool ran\nkernel ran\n");
  equal(both.err, "");
});

Deno.test({
  name: "checkReadable() names the folders that are needed, each once, and none that lies in another",
  permissions: { read: [ROOT] },
  fn() {
    checkReadable([import.meta.url, "data:text/javascript,", "https://example.com/x.ts", "node:fs"]);
    equal(mayImport(import.meta.url), true);
    equal(mayImport("data:text/javascript,"), true);
    equal(mayImport("file:///a/b/c.ts"), false);
    throws(() => checkReadable(["file:///a/b/c.ts", "file:///a/d.ts", "file:///a/e.ts"]), {
      name: "NotCapable",
      message: `workers may not read "/a/b/c.ts": run with --allow-read, or --allow-read=${ROOT},/a`,
    });
  },
});
