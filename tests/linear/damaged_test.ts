/** Caches that are damaged, foreign, read-only or cut give right values, or a clear error. */

import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath, pathToFileURL } from "node:url";
import { cached, logged, quietPipeline, statuses, temporaryCache } from "./_helpers.ts";

/** Flips tried; more in the long form, `FC_RUNS=1000`. */
const FLIPS = Number(Deno.env.get("FC_RUNS") ?? 60);

/** A small and a large value, one of several parts, and what is made of them. */
function example(path: string, more = {}) {
  return quietPipeline([
    { name: "small", fn: () => ({ rows: [1, 2, 3].map((n) => ({ n })) }), outputs: ["small"], keep: true },
    {
      name: "large",
      fn: () => ({ a: new Uint8Array(3e6).fill(7), b: Float64Array.of(1, 2) }),
      outputs: ["large"],
      keep: true,
    },
    {
      name: "sum",
      fn: (small: { rows: { n: number }[] }, large: { a: Uint8Array }) =>
        small.rows.length + large.a.reduce((a, b) => a + b, 0),
      inputs: ["small", "large"],
      outputs: ["sum"],
    },
  ], { ...cached(path), trackHistory: true, ...more });
}

const ALL_CACHED = { small: "cached", large: "cached", sum: "cached" };

/** Runs the example: its results are right, and all is in the cache after it. */
async function checkRun(path: string): Promise<string[]> {
  const lines = await checkResults(path);
  deepEqual(statuses(example(path).explain()), ALL_CACHED);
  return lines;
}

async function checkResults(path: string): Promise<string[]> {
  return await logged(async () => {
    const { results } = await example(path).run();
    deepEqual({ ...results }, {
      small: { rows: [{ n: 1 }, { n: 2 }, { n: 3 }] },
      large: { a: new Uint8Array(3e6).fill(7), b: Float64Array.of(1, 2) },
      sum: 3 + 7 * 3e6,
    });
  });
}

function filesOf(path: string): string[] {
  return [path, ...Array.from(Deno.readDirSync(`${path}.values`), ({ name }) => join(`${path}.values`, name))];
}

/** A whole cache, and what lets it be damaged again and again. */
async function wholeCache(path: string): Promise<() => void> {
  await checkRun(path);
  const whole = filesOf(path).map((file) => [file, Deno.readFileSync(file)] as const);
  return () => {
    for (const ending of ["-wal", "-shm"]) if (existsSync(path + ending)) Deno.removeSync(path + ending);
    Deno.mkdirSync(`${path}.values`, { recursive: true });
    for (const [file, bytes] of whole) Deno.writeFileSync(file, bytes);
  };
}

function alter(path: string, change: string): void {
  using database = new DatabaseSync(path);
  database.exec(change);
}

Deno.test("A value of which a byte has changed is made anew, with a warning", async () => {
  using cache = temporaryCache();
  const restore = await wholeCache(cache.path);
  const [, large] = filesOf(cache.path);
  for (const at of [0, 10, 1_500_000, -1]) {
    restore();
    const bytes = Deno.readFileSync(large);
    bytes[at < 0 ? bytes.length + at : at] ^= 1;
    Deno.writeFileSync(large, bytes);
    match((await checkRun(cache.path)).join(), /"large" cannot be taken from the cache: .*made anew/);
  }
  restore();
  Deno.truncateSync(large, 1000);
  match((await checkRun(cache.path)).join(), /its file has 1000 bytes, expected/);
  Deno.removeSync(large);
  await checkRun(cache.path);
});

Deno.test(`A cache of which a random byte has changed gives right values, or says what it is, ${FLIPS} times`, async () => {
  using cache = temporaryCache();
  const restore = await wholeCache(cache.path);
  const { size } = Deno.statSync(cache.path);
  for (let flip = 0; flip < FLIPS; flip++) {
    restore();
    using file = Deno.openSync(cache.path, { read: true, write: true });
    // The header of 100 bytes tells whose file it is.
    file.seekSync(100 + Math.floor(Math.random() * (size - 100)), Deno.SeekMode.Start);
    file.writeSync(crypto.getRandomValues(new Uint8Array(1 + flip % 3)));
    await checkResults(cache.path);
    // Where an index of the database does not fit its table any more, it takes a second run until it does.
    await checkResults(cache.path);
    deepEqual(statuses(example(cache.path).explain()), ALL_CACHED);
  }
});

Deno.test("A cache that was cut, or has a page of zeros, is put aside, and everything is made anew", async () => {
  using cache = temporaryCache();
  const restore = await wholeCache(cache.path);
  const { size } = Deno.statSync(cache.path);
  for (const length of [size - 4096, size >> 1, 4096, 8192 + 100]) {
    restore();
    Deno.truncateSync(cache.path, length);
    example(cache.path).explain();
    example(cache.path).openRegistry().close();
    void example(cache.path).history;
    await checkRun(cache.path);
  }
  for (let page = 1; page < size / 4096; page++) {
    restore();
    using file = Deno.openSync(cache.path, { read: true, write: true });
    file.seekSync(page * 4096, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(4096));
    await checkRun(cache.path);
  }
  restore();
  Deno.truncateSync(cache.path, 4096 * 2);
  match((await checkRun(cache.path)).join(), /Cache ".*" is put aside as ".*\.damaged", and everything is made anew/);
  ok(existsSync(`${cache.path}.damaged`));
});

Deno.test("A cache whose tables are not declared as they were is put aside, and everything is made anew", async () => {
  using cache = temporaryCache();
  const restore = await wholeCache(cache.path);
  const changes = [
    "alter table entries rename column bytes to size",
    "alter table stored rename to kept",
    "alter table calls add column more text",
    "drop index entries_by_use",
    "create table more (id integer primary key)",
  ];
  for (const change of changes) {
    restore();
    alter(cache.path, change);
    const lines = await checkRun(cache.path);
    match(lines.join(), /is put aside as ".*\.damaged", and everything is made anew: its schema is malformed/, change);
  }
});

Deno.test("Whatever column of an entry is wrong, it is made anew", async () => {
  using cache = temporaryCache();
  const restore = await wholeCache(cache.path);
  const changes = [
    "update entries set value = (select value from entries e where e.name <> entries.name limit 1)",
    "update entries set parts = 'x'",
    "update entries set bytes = -1",
    "update entries set is_stored = 1 - is_stored",
    "update entries set made_at = 0",
    "update entries set proof = ''",
    "update stored set bytes = 1e15",
    "update stored set bytes = 1",
    "update stored set body = null",
    "update stored set body = x'00'",
    "update stored set body = x'ffffffff00'",
    "delete from stored",
    "delete from entries",
    "update calls set record = '{'",
    "update call_values set value = 'x'",
    "drop table entries",
    "drop table stored",
  ];
  for (const change of changes) {
    restore();
    alter(cache.path, change);
    void example(cache.path).history.map(({ node }) => node);
    await checkRun(cache.path);
  }
});

Deno.test("A cache of an older program is put aside, with a warning", async () => {
  using cache = temporaryCache();
  const database = new DatabaseSync(cache.path);
  database.exec("create table entries (name text); pragma application_id = 1380797507; pragma user_version = 1");
  database.close();
  deepEqual(statuses(example(cache.path).explain()), { small: "run", large: "run", sum: "run" });
  match(
    (await checkRun(cache.path)).join(),
    /is put aside as ".*\.old", and everything is made anew: it has format 1, expected 3/,
  );
  ok(existsSync(`${cache.path}.old`));
});

Deno.test("A file or folder that is no cache is refused with its path, and not touched", async () => {
  using cache = temporaryCache();
  const { path } = cache;
  Deno.writeTextFileSync(path, "a text that is long enough to be looked at, but no database".repeat(20));
  const before = Deno.readTextFileSync(path);
  const message = new RegExp(
    `Cannot open cache "${path}": file is not a database; delete it, or choose another cachePath`,
  );
  await rejects(example(path).run(), message);
  equal(Deno.readTextFileSync(path), before);
  Deno.removeSync(path);
  Deno.mkdirSync(path);
  await rejects(example(path).run(), new RegExp(`Cannot open cache "${path}"`));
  Deno.removeSync(path);
  Deno.writeTextFileSync(path, "");
  await checkRun(path);
});

Deno.test("cachePath may be a path, a URL, or the text of a URL: all are one file", async () => {
  using cache = temporaryCache();
  const url = pathToFileURL(cache.path);
  for (const cachePath of [cache.path, url, url.href]) {
    const pipeline = quietPipeline([{ name: "n", fn: () => 1, outputs: ["y"] }], {
      usePersistentCache: true,
      cachePath,
    });
    equal(pipeline.cachePath, cache.path);
    equal((await pipeline.run()).nodes[0].status, cachePath === cache.path ? "run" : "cached");
    equal(pipeline.history.length, 1);
  }
  equal([...Deno.readDirSync(join(cache.path, ".."))].length, 1);
});

Deno.test("The default is a file for the pipeline's name, beside the module, wherever the program was started", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const mod = import.meta.resolve("@ringmill/ringmill/linear");
    Deno.writeTextFileSync(
      join(folder, "main.ts"),
      `import { LinearNode, LinearPipeline } from ${JSON.stringify(mod)};
       const nodes = [new LinearNode({ name: "n", fn: () => 1, outputs: ["y"] })];
       for (const name of ["nightly/report", "a".repeat(300), "..", "caf\u00e9"]) {
         const pipeline = new LinearPipeline({ name, nodes, usePersistentCache: true, quiet: true });
         console.log((await pipeline.run()).nodes[0].status, pipeline.cachePath);
       }`,
    );
    for (const [cwd, status] of [["/", "run"], [folder, "cached"]]) {
      const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
      const args = ["run", "-A", "--no-check", "--config", config, join(folder, "main.ts")];
      const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd }).output();
      const lines = new TextDecoder().decode(stdout).trim().split("\n");
      equal(lines.length, 4);
      for (const line of lines) ok(line.startsWith(`${status} ${folder}/.cache/`), line);
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

const READER = `
  import { LinearNode, LinearPipeline } from ${JSON.stringify(import.meta.resolve("@ringmill/ringmill/linear"))};
  const [cachePath] = Deno.args;
  const pipeline = new LinearPipeline({ name: "p", usePersistentCache: true, cachePath, quiet: true, nodes: [
    new LinearNode({ name: "n", fn: () => 1, outputs: ["y"] }),
    new LinearNode({ name: "m", fn: (y) => y + 1, version: Deno.args[1], inputs: ["y"], outputs: ["z"] }),
  ] });
  console.log(JSON.stringify([pipeline.explain().map(({ status }) => status), pipeline.history.length]));
  using registry = pipeline.openRegistry();
  console.log(registry.names.join());
  const { nodes, results } = await pipeline.run();
  console.log(nodes.map(({ status }) => status).join(), results.z);
`;

Deno.test("A cache that cannot be written can be looked at and used; new values stay in memory", async () => {
  using cache = temporaryCache();
  const run = async (...args: string[]) => {
    const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-check", "--config", config, "--allow-read", ...args],
      env: { NO_COLOR: "1" },
      stderr: "piped",
    });
    const { stdout, stderr } = await child.output();
    return [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  };
  const program = join(cache.path, "..", "reader.ts");
  Deno.writeTextFileSync(program, READER);
  const [written] = await run("--allow-write", program, cache.path, "1");
  deepEqual(written.trim().split("\n"), ['[["run","run"],0]', "", "run,run 2"]);
  const [read] = await run(program, cache.path, "1");
  deepEqual(read.trim().split("\n"), ['[["cached","cached"],2]', "y,z", "cached,cached 2"]);
  const [changed, errors] = await run(program, cache.path, "2");
  deepEqual(changed.trim().split("\n"), ['[["cached","run"],2]', "y", "cached,run 2"]);
  match(errors, /Cannot write cache ".*": new values stay in memory/);
});
