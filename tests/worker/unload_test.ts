/** What is not closed ends when its program is unloaded: `deno run --watch` does that, and `deno test` after each file. */

import { RingKernelRuntime } from "@ringmill/ringmill/actors";
import { WorkerPool } from "@ringmill/ringmill/graph";
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { measureMemory } from "../../src/linear/profile/memory_profile.ts";
import { stopAll, stopOnUnload } from "../../src/worker/unload.ts";
import { fail, KINDS, pipelineOf, quick, writeOnce } from "./_unclosed.ts";
import { cannotCount, countLeft, workersOf } from "./_worker_threads.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const UNCLOSED = new URL("./_unclosed.ts", import.meta.url).href;

function program(kinds: readonly string[]): string {
  return `import { KINDS } from ${JSON.stringify(UNCLOSED)};
for (const kind of ${JSON.stringify(kinds)}) await KINDS[kind]();
console.log("ready");
setInterval(() => {}, 1000);\n`;
}

/** Runs a program under `--watch`. `ready` resolves when it says so the next time. */
async function watch(folder: string, text: string) {
  const file = `${folder}/main.ts`;
  await Deno.writeTextFile(file, text);
  const args = ["run", "--watch", "--no-clear-screen", "--no-check", "-A", "--config", CONFIG, file];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "null" }).spawn();
  const watchdog = setTimeout(() => child.kill("SIGKILL"), 120_000);
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const ready = async () => {
    for (let seen = ""; !seen.includes("ready");) {
      const { done, value } = await lines.read();
      ok(!done, "the program has ended");
      seen += value;
    }
  };
  const stop = async () => {
    clearTimeout(watchdog);
    child.kill("SIGKILL");
    await lines.cancel();
    await child.status;
  };
  return { pid: child.pid, ready, stop, edit: () => Deno.writeTextFile(file, `${text}// edited\n`) };
}

Deno.test({
  name: "A restart by deno run --watch leaves nothing behind that the program has not closed",
  ignore: cannotCount,
  async fn() {
    const folder = await Deno.makeTempDir();
    const run = await watch(folder, program(Object.keys(KINDS)));
    try {
      await run.ready();
      const old = workersOf(run.pid);
      ok(old.length >= 5, `there were ${old.length} workers`);
      await run.edit();
      await run.ready();
      const left = await countLeft(run.pid, (thread) => old.includes(thread));
      equal(left, 0, `of ${old.length} workers ${left} are left`);
    } finally {
      await run.stop();
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "A test file that closes nothing leaves nothing to the next one",
  ignore: cannotCount,
  async fn() {
    const folder = await Deno.makeTempDir();
    const forgets = `import { KINDS } from ${JSON.stringify(UNCLOSED)};
Deno.test({ name: "forgets", sanitizeOps: false, sanitizeResources: false, fn: async () => {
  for (const kind of Object.keys(KINDS)) await KINDS[kind]();
} });\n`;
    const looks = `import { ok } from "node:assert/strict";
${countLeft}
${workersOf}
Deno.test("looks", async () => ok(await countLeft(Deno.pid, () => true) === 0, \`\${workersOf(Deno.pid).length} are left\`));\n`;
    await Deno.writeTextFile(`${folder}/a_test.ts`, forgets);
    await Deno.writeTextFile(`${folder}/b_test.ts`, looks);
    const args = ["test", "-A", "--no-check", "--config", CONFIG, folder];
    const { code, stdout } = await new Deno.Command(Deno.execPath(), { args, env: { NO_COLOR: "1" } }).output();
    await Deno.remove(folder, { recursive: true });
    const report = new TextDecoder().decode(stdout);
    equal(code, 0, report);
    ok(report.includes("2 passed"), report);
  },
});

/** How many listeners for `unload` are left by some work. */
async function listenersAfter(work: () => Promise<unknown>): Promise<number> {
  const { addEventListener, removeEventListener } = globalThis;
  const listeners = new Set<unknown>();
  globalThis.addEventListener = (type: string, listener: unknown, ...rest: unknown[]) => {
    if (type === "unload") listeners.add(listener);
    Reflect.apply(addEventListener, globalThis, [type, listener, ...rest]);
  };
  globalThis.removeEventListener = (type: string, listener: unknown, ...rest: unknown[]) => {
    listeners.delete(listener);
    Reflect.apply(removeEventListener, globalThis, [type, listener, ...rest]);
  };
  try {
    await work();
    return listeners.size;
  } finally {
    Object.assign(globalThis, { addEventListener, removeEventListener });
  }
}

const ENDED: Readonly<Record<string, () => Promise<unknown>>> = {
  "a pipeline that has run, and is not closed": () => pipelineOf(writeOnce).run(),
  "a pipeline that was closed before its start": async () => {
    const pipe = pipelineOf(writeOnce);
    await pipe.compile();
    await pipe.close();
  },
  "a pipeline that was stopped, and is not closed": async () => {
    const pipe = pipelineOf(writeOnce);
    await pipe.compile();
    pipe.stop();
    await pipe.join();
  },
  "a pipeline whose run has thrown, and is not closed": () => rejects(pipelineOf(fail).run(), { name: "TaskError" }),
  "a pipeline that could not be compiled, and is not closed": async () => {
    const pipe = pipelineOf(writeOnce);
    pipe.addTask("nowhere", { fn: () => {} });
    await rejects(pipe.compile(), { name: "DeclarationError" });
  },
  "a kernel that has returned, in a runtime that is not closed": async () => {
    const runtime = new RingKernelRuntime();
    await runtime.launch("quick", quick);
    while (runtime.stateOf("quick") !== "terminated") await new Promise((resolve) => setTimeout(resolve, 5));
  },
  "a runtime that was shut down": async () => {
    await using runtime = new RingKernelRuntime();
    await runtime.kernelScope("quick", quick).catch(() => {});
  },
  "a pool that was closed": async () => {
    await using pool = new WorkerPool({ name: "closed", workers: 1 });
    await pool.run({ module: "node:querystring", exportName: "unescape" }, ["a"]);
  },
  "a measurement": () => measureMemory(() => {}),
};

for (const [what, work] of Object.entries(ENDED)) {
  Deno.test(`Nothing listens for the unload any more after ${what}`, async () => {
    equal(await listenersAfter(work), 0);
  });
}

Deno.test("stopAll() stops everything, although one stop throws, and nothing that was taken back", () => {
  const stopped: string[] = [];
  const shown: unknown[] = [];
  const { error } = console;
  const undo = [
    stopOnUnload(() => stopped.push("a")),
    stopOnUnload(() => {
      throw new Error("b");
    }),
    stopOnUnload(() => stopped.push("c")),
  ];
  stopOnUnload(() => stopped.push("taken back"))();
  console.error = (thrown) => shown.push((thrown as string).split("\n")[0]);
  try {
    stopAll();
  } finally {
    console.error = error;
    for (const forget of undo) forget();
  }
  deepEqual([stopped, shown], [["a", "c"], ["Error: b"]]);
});
