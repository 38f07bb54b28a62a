/** The folder of runs, whatever lies in it, and what is said at their sockets. */

import { findProgram, lacks } from "../_programs.ts";
import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { temporaryFolder } from "../examples/_run.ts";
import { isFailures, isSnapshot } from "../../src/cli/program/run_update.ts";
import { announceRun, findRecords } from "../../src/cli/program/run_records.ts";
import { followRun, isRunning } from "../../src/cli/program/run_client.ts";
import { RunServer } from "../../src/cli/program/run_server.ts";
import { drawTable } from "@ringmill/ringmill/view";
import { PIPELINES, ringmill, START, start } from "./_command.ts";
import { endless } from "./_pipelines.ts";

const IS_WINDOWS = Deno.build.os === "windows";

/** A test that sees no runs but its own, and is left out where a program is missing. */
function test(name: string, fn: (folder: string) => Promise<void>, program?: string): void {
  Deno.test({
    name,
    ignore: IS_WINDOWS || (program !== undefined && lacks(program)),
    async fn() {
      await using folder = await temporaryFolder();
      const before = Deno.env.get("XDG_RUNTIME_DIR");
      Deno.env.set("XDG_RUNTIME_DIR", folder.path);
      try {
        await fn(join(folder.path, `ringmill-${Deno.uid()}`));
      } finally {
        if (before === undefined) Deno.env.delete("XDG_RUNTIME_DIR");
        else Deno.env.set("XDG_RUNTIME_DIR", before);
      }
    },
  });
}

test("run serves no page unless it is asked to, and lets nobody else hear of it", async (folder) => {
  await using command = start("run", "--quiet", "--export", "endless", PIPELINES);
  await command.output.until(/number 3\n/);
  equal((await Deno.stat(folder)).mode! & 0o777, 0o700);
  const record = JSON.parse(await Deno.readTextFile(`${folder}/${command.pid}.json`));
  deepEqual(record.address, { socket: `${folder}/${command.pid}.sock` });
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `ls -l /proc/${command.pid}/fd; cat /proc/${command.pid}/net/tcp`],
    stderr: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  const sockets = Array.from(text.matchAll(/socket:\[(\d+)\]/g), ([, inode]) => inode);
  const listening = text.split("\n").filter((line) => line.trim().split(/\s+/)[3] === "0A");
  ok(listening.every((line) => !sockets.includes(line.trim().split(/\s+/)[9])), "it listens at no port");
}, "sh");

test("top leaves out whatever is no record", async (folder) => {
  await using command = start("run", "--quiet", "--export", "endless", PIPELINES);
  await command.output.until(/number 3\n/);
  const pid = Deno.pid;
  const whole = { version: 1, pid, name: "x", source: "file:///x", address: { socket: "/x" } };
  const broken: readonly string[] = [
    "",
    '{"pid": 1, "na\n',
    "{}",
    "null",
    "[]",
    "7",
    JSON.stringify({ ...whole, pid: 1 }),
    JSON.stringify({ ...whole, name: { toString: 1 } }),
    JSON.stringify({ ...whole, address: null }),
    JSON.stringify({ ...whole, address: { port: "80", token: "x" } }),
    JSON.stringify({ ...whole, address: { port: 1e9, token: "x" } }),
    JSON.stringify({ ...whole, address: { socket: "\0" } }),
    JSON.stringify(whole),
    " ".repeat(10_000_000),
  ];
  for (const text of broken) {
    await Deno.writeTextFile(`${folder}/${pid}.json`, text);
    const heard: number[] = [];
    for (const record of await findRecords()) if (await isRunning(record)) heard.push(record.pid);
    deepEqual(heard, [command.pid], text.slice(0, 100));
  }
  await Deno.mkdir(`${folder}/1.json`, { recursive: true });
  await Deno.symlink("/etc/passwd", `${folder}/2.json`);
  if (findProgram("mkfifo")) await new Deno.Command("mkfifo", { args: [`${folder}/3.json`] }).output();
  await Deno.writeTextFile(`${folder}/notes.txt`, "x");
  const { status, output, errors } = await ringmill("top", "--once");
  equal(errors, "");
  match(output, /^numbers {2}pid \d+ /);
  equal(status, 0);
});

test("top takes no process for a run that has only its number", async (folder) => {
  await using command = start("run", "--quiet", "--export", "endless", PIPELINES);
  await command.output.until(/number 3\n/);
  command.kill("SIGKILL");
  await command.end();
  const record = JSON.parse(await Deno.readTextFile(`${folder}/${command.pid}.json`));
  // This process lives, and has nothing to do with it.
  await Deno.writeTextFile(`${folder}/${Deno.pid}.json`, JSON.stringify({ ...record, pid: Deno.pid }));
  equal((await ringmill("top")).errors, "error: Cannot find a run: nothing runs\n");
  deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
});

test("top refuses a run of a newer version, and one that tells nonsense", async (folder) => {
  const told: unknown[][] = [
    [{ ringmill: 1, pid: Deno.pid }, { snapshot: { tasks: 7 } }],
    [{ ringmill: 1, pid: Deno.pid }, { snapshot: null }],
    [{ ringmill: 1, pid: Deno.pid }, "x"],
  ];
  let lines: unknown[] = [];
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const socket = `${folder}/x.sock`;
  using listener = Deno.listen({ transport: "unix", path: socket });
  (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(1000));
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
      await connection.write(new TextEncoder().encode(text)).catch(() => {});
      connection.close();
    }
  })();
  const record = { version: 1, pid: Deno.pid, name: "x", source: "file:///x", address: { socket } };
  using _ = await announceRun(record);
  for (lines of told) {
    const { status, errors } = await ringmill("top", "--once", "x");
    match(errors, /^error: Cannot watch "x": what it sends is not understood\n$/);
    equal(status, 1);
  }
  await announceRun({ ...record, version: 2 });
  match(
    (await ringmill("top", "--once", "x")).errors,
    /^error: Cannot watch "x": it was made by a newer Ringmill: .*\n$/,
  );
});

test("Where there are no sockets, a run is heard at a port, by those who have its token", async () => {
  await using pipe = endless();
  await pipe.start();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const address = { port, token: crypto.randomUUID() };
  using server = new RunServer(address, listener, { ringmill: 1, frames: 1, name: "x", pid: Deno.pid }, {
    name: "x",
    watch: () => pipe.watch(),
    frames: () => undefined,
  });
  const record = { version: 1, pid: Deno.pid, name: "x", source: "file:///x", address };
  equal(await isRunning(record), true);
  const updates = followRun(record, new AbortController().signal);
  const first = (await updates.next()).value!;
  ok("source" in first.snapshot.tasks);
  pipe.stop();
  const rest = Array.fromAsync(updates);
  await pipe.join();
  await server.finish([{ task: "t", reason: "r", details: "d" }]);
  deepEqual((await rest).at(-1)!.failures, [{ task: "t", reason: "r", details: "d" }]);
  const stranger = { ...record, address: { port, token: "x".repeat(address.token.length) } };
  deepEqual(await Array.fromAsync(followRun(stranger, new AbortController().signal)), []);
});

test("A folder that others could look into is closed to them", async (folder) => {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.chmod(folder, 0o777);
  using _ = await announceRun({ version: 1, pid: 1, name: "", source: "", address: { socket: `${folder}/1.sock` } });
  equal((await Deno.stat(folder)).mode! & 0o777, 0o700);
  equal((await findRecords()).length, 1);
});

test("top | head ends quietly", async () => {
  await using command = start("run", "--quiet", "--export", "endless", "--interval", "20", PIPELINES);
  await command.output.until(/number 3\n/);
  const words = [...START, "top", "--every", "0.05"].map((word) => `'${word}'`).join(" ");
  const script = `{ ${words}; echo "status $?" >&2; } | head -3`;
  const { stdout, stderr } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  equal(new TextDecoder().decode(stderr), "status 0\n");
  match(new TextDecoder().decode(stdout), /^numbers /);
}, "sh");

test("top says what is wrong with nonsense that an address sends", async () => {
  const task = { name: "t", state: "running", waitingFor: null, reads: {}, writes: {}, cpuPercent: 1 };
  const stream = { name: "s", pressurePercent: 5 };
  const whole = { sampledAt: 1, elapsedMs: 1, pid: 1, rssBytes: 1 };
  const snapshots: readonly unknown[] = [
    { ...whole, tasks: { t: task }, streams: { s: { ...stream, pressurePercent: -500 } } },
    { ...whole, tasks: { t: { ...task, name: 7 } }, streams: {} },
    { ...whole, tasks: { t: { ...task, waitingFor: "x" } }, streams: {} },
    { ...whole, tasks: { t: { ...task, reads: { x: { stream: {} } } } }, streams: {} },
    { ...whole, tasks: [], streams: {} },
    { ...whole, tasks: {} },
    null,
  ];
  let snapshot: unknown;
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    const text = `data: ${JSON.stringify({ title: "x", failures: [], isFinal: false, snapshot })}\n\n`;
    return new Response(text, { headers: { "content-type": "text/event-stream" } });
  });
  for (const nonsense of snapshots) ok(!isSnapshot(nonsense), JSON.stringify(nonsense));
  for (snapshot of [snapshots[0], null]) {
    const { status, errors } = await ringmill("top", "--once", `http://127.0.0.1:${server.addr.port}/`);
    match(errors, /^error: Cannot watch http:.*: it is no pipeline, received the dashboard of "x"\n$/);
    doesNotMatch(errors, /at /);
    equal(status, 1);
  }
});

Deno.test("A snapshot with the last error of a task is one", () => {
  const none = { waitingFor: null, reads: {}, writes: {} };
  const of = (lastError: unknown) => ({
    tasks: { a: { ...none, name: "a", state: "running", lastError } },
    streams: {},
  });
  equal(isSnapshot(of("it threw")) && isSnapshot(of(null)) && isSnapshot(of(undefined)), true);
  equal(isSnapshot(of(3)), false);
});

Deno.test("What passes for a snapshot can be drawn", () => {
  const figure = fc.oneof(fc.double(), fc.constantFrom(null, -1, 1e300, "x", undefined));
  const end = fc.record({ stream: fc.string(), frames: figure, framesPerSecond: figure, lost: figure });
  const task = fc.record({
    name: fc.string({ unit: "binary" }),
    state: fc.oneof(fc.string(), fc.constantFrom("running", "failed", "__proto__")),
    waitingFor: fc.option(fc.record({ what: fc.string(), name: fc.string() })),
    reads: fc.dictionary(fc.string(), end),
    writes: fc.dictionary(fc.string(), end),
    cpuPercent: figure,
    heapBytes: figure,
    blockedOnEmpty: figure,
    blockedOnFull: figure,
    restarts: figure,
    skippedFrames: figure,
    deadLetters: figure,
    lastError: fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(null, undefined, 3)),
  });
  const stream = fc.record({ name: fc.string({ unit: "binary" }), pressurePercent: figure, frames: figure });
  const snapshot = fc.record({
    sampledAt: figure,
    pid: figure,
    rssBytes: figure,
    tasks: fc.dictionary(fc.string(), task),
    streams: fc.dictionary(fc.string(), stream),
  });
  fc.assert(
    fc.property(fc.oneof(snapshot, fc.anything()), (value) => {
      isFailures(value);
      if (isSnapshot(value)) equal(typeof drawTable(value, { width: 80, height: 24 }), "string");
    }),
    { numRuns: Number(Deno.env.get("FC_RUNS") ?? 500) },
  );
});
