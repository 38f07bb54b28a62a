/** Several programs on one cache, and disks that are full: nothing is blocked, nothing is lost. */

import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { succeeds } from "../_programs.ts";
import { cached, logged, quietPipeline, statuses, temporaryCache } from "./_helpers.ts";

const HOLDER = `import { DatabaseSync } from "node:sqlite";
  const [path, how, ms] = Deno.args;
  const database = new DatabaseSync(path);
  if (how === "locking_mode") database.exec("pragma locking_mode = exclusive; begin exclusive");
  else database.exec("begin " + how);
  console.log("held");
  setTimeout(() => { if (database.isTransaction) database.exec("commit"); database.close(); }, Number(ms));`;

/** Another program that locks a file for a while. */
async function hold(path: string, how: string, ms: number): Promise<AsyncDisposable> {
  const args = ["eval", "--no-check", HOLDER, "--", path, how, String(ms)];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "null" }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  reader.releaseLock();
  return {
    [Symbol.asyncDispose]: async () => {
      await child.stdout.cancel();
      await child.status;
    },
  };
}

const example = (path: string, version: number) =>
  quietPipeline([
    { name: "make", fn: () => [version], version, outputs: ["made"] },
    { name: "use", fn: (made: number[]) => made[0], inputs: ["made"], outputs: ["used"] },
  ], cached(path));

Deno.test("A run waits for a cache that another program has locked, and the event loop goes on", async () => {
  for (const how of ["immediate", "exclusive", "locking_mode"]) {
    using cache = temporaryCache();
    await example(cache.path, 1).run();
    await using _ = await hold(cache.path, how, 1500);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const lines = await logged(async () => equal((await example(cache.path, 2).run()).results.used, 2));
    clearInterval(timer);
    // Blocked for the whole time, there would be one or none.
    ok(ticks > 5, `${how}: ${ticks}`);
    match(lines.join(), /Waiting for cache ".*", which another program has locked/);
  }
});

Deno.test("A run that waits for a lock stops when its signal is aborted", async () => {
  using cache = temporaryCache();
  await example(cache.path, 1).run();
  await using _ = await hold(cache.path, "exclusive", 1000);
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("enough")), 50);
  await rejects(example(cache.path, 2).run({ signal: stop.signal }), /enough/);
});

Deno.test("LinearPipeline.explain() and openRegistry() do not wait for programs that write", async () => {
  using cache = temporaryCache();
  await example(cache.path, 1).run();
  await using _ = await hold(cache.path, "immediate", 500);
  deepEqual(statuses(example(cache.path, 1).explain()), { make: "cached", use: "cached" });
  using registry = example(cache.path, 1).openRegistry();
  deepEqual(registry.get("made"), [1]);
});

/** Programs that run random variants on one cache; more rounds in the long form, `FC_RUNS=100`. */
const ROUNDS = Number(Deno.env.get("FC_RUNS") ?? 12);

Deno.test(`Three programs with random variants on one cache have right results, ${ROUNDS} rounds each`, async () => {
  using cache = temporaryCache();
  const program = fileURLToPath(new URL("_variants.ts", import.meta.url));
  const children = [1, 2, 3].map((seed) => {
    const args = ["run", "-A", "--no-check", program, cache.path, String(seed), String(ROUNDS)];
    return new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "piped" }).output();
  });
  for (const { code, stdout, stderr } of await Promise.all(children)) {
    equal(new TextDecoder().decode(stderr), "");
    match(new TextDecoder().decode(stdout), /^all right\n$/);
    equal(code, 0);
  }
});

/** A small disk, where the system lets one make it. */
async function smallDisk(): Promise<AsyncDisposable & { path: string } | null> {
  const path = Deno.makeTempDirSync();
  const success = await succeeds("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", path);
  if (!success) Deno.removeSync(path);
  return success ? { path, [Symbol.asyncDispose]: async () => void await succeeds("umount", path) } : null;
}

Deno.test("A disk that is full loses no result, and blames no node", async () => {
  await using disk = await smallDisk();
  if (!disk) return console.log("skipped: a small disk cannot be mounted here");
  const path = join(disk.path, "cache.db");
  const pipeline = (bytes: number) =>
    quietPipeline([
      { name: "small", fn: () => [1], outputs: ["small"] },
      {
        name: "large",
        fn: (bytes: number) => new Uint8Array(bytes).fill(3),
        inputs: ["config.bytes"],
        outputs: ["large"],
      },
      { name: "many", fn: (bytes: number) => "x".repeat(bytes / 20), inputs: ["config.bytes"], outputs: ["text"] },
      { name: "sum", fn: (all: Uint8Array) => all.length, inputs: ["large"], outputs: ["sum"] },
    ], { ...cached(path), config: { bytes } });
  const lines = await logged(async () => {
    const { results } = await pipeline(18_000_000).run();
    deepEqual([results.sum, (results.text as string).length], [18_000_000, 900_000]);
  });
  match(lines.join("\n"), /the outputs of node "large" stay in memory: .*(os error 28|full)/);
  // What fits is kept, and the disk has room again.
  await logged(async () => {
    const { nodes } = await pipeline(18_000_000).run();
    equal(nodes[0].status, "cached");
  });
  await pipeline(1_200_000).run();
  deepEqual(statuses(pipeline(1_200_000).explain()), {
    small: "cached",
    large: "cached",
    many: "cached",
    sum: "cached",
  });
  // A disk that others have filled stops nothing either.
  try {
    for (let n = 0;; n++) Deno.writeFileSync(join(disk.path, `filler${n}`), new Uint8Array(10_000));
  } catch {
    // It is full.
  }
  await logged(async () => equal((await pipeline(2_000_000).run()).results.sum, 2_000_000));
  await logged(async () => equal((await pipeline(1_200_000).run()).results.sum, 1_200_000));
  ok(existsSync(path));
});

Deno.test("A cache on a disk without any room is not taken for a damaged one", async () => {
  await using disk = await smallDisk();
  if (!disk) return console.log("skipped: a small disk cannot be mounted here");
  const path = join(disk.path, "cache.db");
  const make = () => quietPipeline([{ name: "load", fn: () => [1], outputs: ["rows"] }], cached(path));
  await make().run();
  const filler = join(disk.path, "filler");
  for (const bytes of [1 << 20, 1 << 12, 1]) {
    try {
      for (;;) Deno.writeFileSync(filler, new Uint8Array(bytes), { append: true });
    } catch {
      // There is no room for as many bytes.
    }
  }
  const lines = await logged(async () => deepEqual(statuses((await make().run()).nodes), { load: "cached" }));
  match(lines.join("\n"), /^Cannot write cache ".*cache\.db": new values stay in memory \(.*\)$/);
  Deno.removeSync(filler);
  deepEqual(statuses((await make().run()).nodes), { load: "cached" });
});
