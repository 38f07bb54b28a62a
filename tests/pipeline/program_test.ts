/** Pipelines as people run them: scripts of their own, each in a fresh Deno. */

import { fileURLToPath } from "node:url";
import { deepEqual, equal, match, notEqual } from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url);
const MOD = new URL("mod.ts", ROOT).href;

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs a script and returns how it ended. It is killed, and the test fails, if it does not exit by itself. */
async function runScript(script: string, flags: string[] = ["-A"]): Promise<Ran> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/main.ts`, script.replaceAll("MOD", MOD));
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-check",
        "--no-prompt",
        "--config",
        fileURLToPath(new URL("deno.json", ROOT)),
        ...flags,
        `${dir}/main.ts`,
      ],
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const watchdog = setTimeout(() => process.kill("SIGKILL"), 60_000);
    const { code, stdout, stderr } = await process.output();
    clearTimeout(watchdog);
    const text = new TextDecoder();
    return { code, out: text.decode(stdout), err: text.decode(stderr) };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const LINE = `
import { Pipeline } from "MOD";
export function source({ samples }) {
  samples.write(Float32Array.from({ length: 8 }, (_, i) => i));
}
const scale = ({ samples, doubled }) => {
  for (const frame of samples) doubled.write(frame.map((x) => 2 * x), Infinity);
};
export { scale as renamed };
export default function sink({ doubled }) {
  for (const frame of doubled) console.log([...frame].join());
}
function declare() {
  const pipe = new Pipeline("demo", import.meta);
  const samples = pipe.addStream("samples", { shape: [8], dtype: "float32" });
  const doubled = pipe.addStream("doubled", { shape: [8], dtype: "float32" });
  pipe.addTask("source", { fn: source, writes: { samples } });
  pipe.addTask("scale", { fn: scale, reads: { samples }, writes: { doubled } });
  pipe.addTask("sink", { fn: sink, reads: { doubled } });
  return pipe;
}
`;

Deno.test("A script runs a pipeline of its own exports at its top level, and exits by itself", async () => {
  const { code, out, err } = await runScript(`${LINE}
    if (import.meta.main) { await using pipe = declare(); await pipe.run(); }`);
  deepEqual({ code, out, err }, { code: 0, out: "0,2,4,6,8,10,12,14\n", err: "" });
});

Deno.test("A script need neither close its pipeline nor have more than the permission to read", async () => {
  const { code, out } = await runScript(`${LINE} if (import.meta.main) await declare().run();`, ["--allow-read"]);
  deepEqual({ code, out }, { code: 0, out: "0,2,4,6,8,10,12,14\n" });
});

Deno.test("Without a module, the program's main module is taken", async () => {
  const script = LINE.replace(", import.meta)", ")");
  const { code, out } = await runScript(`${script} if (import.meta.main) await declare().run();`);
  deepEqual({ code, out }, { code: 0, out: "0,2,4,6,8,10,12,14\n" });
});

Deno.test("Without the permission to read, the error says what is missing", async () => {
  const { code, err } = await runScript(`${LINE} if (import.meta.main) await declare().run();`, []);
  equal(code, 1);
  match(err, /read access|--allow-read/);
});

Deno.test("A script whose task throws exits with the error and leaves nothing running", async () => {
  const { code, err } = await runScript(`${LINE}
    export function bad() { throw new RangeError("no signal"); }
    if (import.meta.main) {
      await using pipe = declare();
      pipe.addTask("bad", { fn: bad });
      await pipe.run();
    }`);
  equal(code, 1);
  match(err, /TaskError: Task "bad" failed: it threw RangeError: no signal/);
  match(err, /main\.ts:\d+/);
});

Deno.test("A script that starts its pipeline without asking import.meta.main is told to", async () => {
  const { code, err } = await runScript(`${LINE} await using pipe = declare(); await pipe.run();`);
  equal(code, 1);
  match(
    err,
    /could not be imported: LifecycleError: Cannot start "demo" in the worker of "demo\/\w+".*if \(import\.meta\.main\)/,
  );
});

Deno.test("A lambda is refused at the top level of a script too", async () => {
  const { code, err } = await runScript(`${LINE}
    if (import.meta.main) {
      await using pipe = declare();
      pipe.addTask("odd", { fn: () => {} });
      await pipe.run();
    }`);
  equal(code, 1);
  match(err, /DeclarationError: Cannot run task "odd": function "fn" is not an export of file:.*main\.ts/);
});

Deno.test("Two functions made by one cannot be told apart at the top level of a script, and the error says so", async () => {
  const { code, err } = await runScript(`${LINE}
    const make = (value) => () => { console.log(value); };
    export const one = make(1);
    export const two = make(2);
    if (import.meta.main) {
      await using pipe = declare();
      pipe.addTask("one", { fn: one });
      await pipe.run();
    }`);
  equal(code, 1);
  match(err, /exports "one" and "two" of file:.*main\.ts cannot be told apart/);
});

Deno.test("A task's permissions are its own: nothing but what it is given", async () => {
  const script = (permissions: string) => `
    import { Pipeline } from "MOD";
    export async function read() {
      console.log(await Deno.readTextFile(new URL(import.meta.url)).then(() => "could read", (error) => error.name));
    }
    if (import.meta.main) {
      await using pipe = new Pipeline("permissions", import.meta);
      pipe.addTask("read", { fn: read, permissions: ${permissions} });
      await pipe.run();
    }`;
  const flags = ["-A", "--unstable-worker-options"];
  const outputs = await Promise.all(
    ["undefined", '"inherit"', '"none"', "{ net: true }"].map((permissions) =>
      runScript(script(permissions), flags).then(({ out }) => out.trim())
    ),
  );
  deepEqual(outputs, ["could read", "could read", "NotCapable", "NotCapable"]);
});

Deno.test("Pipeline.metrics() uses a thread's own account where the system may not be asked", async () => {
  const script = `
    import { Pipeline } from "MOD";
    export function work(_, context) {
      for (let n = 0; n < 20; n++) {
        for (const start = performance.now(); performance.now() - start < 10;);
        context.sleep(1);
      }
    }
    if (import.meta.main) {
      await using pipe = new Pipeline("account", import.meta);
      pipe.addTask("work", { fn: work });
      await pipe.compile();
      pipe.startMonitor({ intervalMs: 20 });
      await pipe.start();
      let most = 0;
      for await (const { tasks: { work } } of pipe.watch()) most = Math.max(most, work.cpuPercent);
      const { threadId, nice, state } = pipe.metrics("work");
      console.log(most > 0 && most <= 100, threadId, nice, state);
    }`;
  const { out, err } = await runScript(script, ["--allow-read"]);
  deepEqual([out.trim(), err], ["true null null ended", ""]);
});

Deno.test("A task that fills the heap of its worker ends the whole program, with the message of V8", async () => {
  // Deno gives a worker no limit of its own, and no code of ours runs any more: nothing hangs, but nothing is caught.
  const script = `
    import { Pipeline } from "MOD";
    export function fill() { for (const all = [];;) all.push(new Array(100_000).fill(0.5)); }
    if (import.meta.main) {
      const pipe = new Pipeline("greedy", import.meta);
      pipe.addTask("fill", { fn: fill });
      await pipe.run().catch(() => console.log("caught"));
    }`;
  const { code, out, err } = await runScript(script, ["-A", "--v8-flags=--max-old-space-size=48"]);
  notEqual(code, 0);
  equal(out, "");
  match(err, /out of memory/);
});

Deno.test("A signal handler may stop a pipeline, which then ends normally", async () => {
  const { code, out } = await runScript(`
    import { Pipeline } from "MOD";
    export function tick(_, context) { for (;;) context.sleep(10); }
    if (import.meta.main) {
      const pipe = new Pipeline("ticking", import.meta);
      pipe.addTask("tick", { fn: tick });
      const stop = () => pipe.stop();
      Deno.addSignalListener("SIGTERM", stop);
      setTimeout(() => Deno.kill(Deno.pid, "SIGTERM"), 50);
      await pipe.run();
      Deno.removeSignalListener("SIGTERM", stop);
      console.log("ended");
    }`);
  deepEqual({ code, out }, { code: 0, out: "ended\n" });
});

Deno.test("A module with permissions of its own must not start its pipeline without asking either", async () => {
  const script = `${LINE.replaceAll("{ fn:", '{ permissions: "none", fn:')} await declare().run();`;
  const { code, err } = await runScript(script, ["-A", "--unstable-worker-options"]);
  equal(code, 1);
  match(err, /Cannot start "demo" in the worker of "demo\/\w+"/);
});

Deno.test("A worker that cannot be started ends those that were, and the error names its task", async () => {
  const { code, err } = await runScript(
    `
    import { Pipeline } from "MOD";
    export function task() {}
    if (import.meta.main) {
      await using pipe = new Pipeline("greedy", import.meta);
      pipe.addTask("greedy", { fn: task, permissions: { net: true } });
      pipe.addTask("modest", { fn: task });
      await pipe.run();
    }`,
    ["--allow-read", "--unstable-worker-options"],
  );
  equal(code, 1);
  match(err, /TaskError: Task "greedy" failed: its worker could not be started: NotCapable: /);
});

Deno.test("Permissions beyond those of the program are named, each as the command line has it", async () => {
  const script = `
    import { Pipeline } from "MOD";
    export function task() {}
    if (import.meta.main) {
      const asked = [
        { net: true, read: "inherit" },
        { net: ["own.example", "example.com"], env: ["HOME"], write: false },
        { write: [new URL("file:///a%20b"), "/c"], sys: ["hostname"], run: ["ls"], ffi: ["/lib"], import: ["example.com"] },
        "inherit",
      ];
      for (const permissions of asked) {
        const pipe = new Pipeline("greedy", import.meta);
        pipe.addTask("greedy", { fn: task, permissions });
        console.log(await pipe.run().then(() => "ran", ({ cause }) => cause.message));
        await pipe.close();
      }
    }`;
  const flags = ["--allow-read", "--allow-net=own.example", "--unstable-worker-options"];
  const { out, err } = await runScript(script, flags);
  equal(err, "");
  const lines = [
    "--allow-net",
    "--allow-net=example.com --allow-env=HOME",
    "--allow-write=/a b,/c --allow-sys=hostname --allow-run=ls --allow-ffi=/lib --allow-import=example.com",
  ];
  const told = lines.map((line) =>
    `its permissions exceed those of the program: add ${line} to its command line, or ask for less\n`
  );
  equal(out, `${told.join("")}ran\n`);
});

Deno.test("A program that never joins its pipeline is told at its end that a task failed", async () => {
  const { code, err } = await runScript(`
    import { Pipeline } from "MOD";
    export function task() { throw new RangeError("nobody asked"); }
    if (import.meta.main) {
      const pipe = new Pipeline("unwatched", import.meta);
      pipe.addTask("task", { fn: task });
      await pipe.start();
    }`);
  equal(code, 1);
  match(err, /Task "task" failed: it threw RangeError: nobody asked/);
});
