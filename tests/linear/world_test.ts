/** Files, variables, the clock and signals as inputs, files as outputs, and outputs that expire. */

import { DeclarationError } from "@ringmill/ringmill";
import {
  clockInput,
  envInput,
  fileInput,
  fileOutput,
  type LinearNodeOptions,
  pipeline as build,
  signalInput,
} from "@ringmill/ringmill/linear";
import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cached, logged, quietPipeline, statuses, temporaryCache } from "./_helpers.ts";

/** A folder with a cache, and a way to write files into it. */
function folder() {
  const cache = temporaryCache();
  const path = (name: string) => join(cache.path, "..", name);
  return {
    cache: cache.path,
    path,
    write: (name: string, text: string) => Deno.writeTextFileSync(path(name), text),
    read: (name: string) => Deno.readTextFileSync(path(name)),
    [Symbol.dispose]: () => cache[Symbol.dispose](),
  };
}

const sum = (path: string) => Deno.readTextFileSync(path).split("\n").map(Number).reduce((a, b) => a + b, 0);

Deno.test("fileInput() runs its node again when the content of the file has changed, and only then", async () => {
  using at = folder();
  const pipeline = () =>
    quietPipeline([
      { name: "load", fn: sum, inputs: [fileInput(at.path("sales.csv"))], outputs: ["total"] },
      { name: "double", fn: (n: number) => 2 * n, inputs: ["total"], outputs: ["doubled"] },
    ], cached(at.cache));
  at.write("sales.csv", "1\n2");
  equal((await pipeline().run()).results.doubled, 6);
  deepEqual(statuses(pipeline().explain()), { load: "cached", double: "cached" });
  // Written again, the same.
  at.write("sales.csv", "1\n2");
  deepEqual(statuses(pipeline().explain()), { load: "cached", double: "cached" });
  // As long, and with the times of before.
  const { mtime } = Deno.statSync(at.path("sales.csv"));
  at.write("sales.csv", "3\n2");
  Deno.utimeSync(at.path("sales.csv"), mtime!, mtime!);
  equal(pipeline().explain()[0].reason, `"file:${at.path("sales.csv")}" has changed`);
  equal((await pipeline().run()).results.doubled, 10);
  // Another content, the same sum: the next node does not run.
  at.write("sales.csv", "2\n3");
  deepEqual(statuses((await pipeline().run()).nodes), { load: "run", double: "cached" });
  // Back to what was there.
  at.write("sales.csv", "1\n2");
  deepEqual(statuses(pipeline().explain()), { load: "cached", double: "cached" });
  Deno.removeSync(at.path("sales.csv"));
  await rejects(pipeline().run(), /node "load" needs "file:.*sales.csv": there is no such file/);
  throws(() => pipeline().explain(), DeclarationError);
});

Deno.test("fileInput() does not read a file whose size and times are as they were", async () => {
  using at = folder();
  at.write("old.csv", "1");
  const past = new Date(Date.now() - 60_000);
  Deno.utimeSync(at.path("old.csv"), past, past);
  // Changed times count as a change for 2 seconds.
  await new Promise((resolve) => setTimeout(resolve, 2100));
  const pipeline = () =>
    quietPipeline([{ name: "n", fn: sum, inputs: [fileInput(at.path("old.csv"))], outputs: ["y"] }], cached(at.cache));
  await pipeline().run();
  const { openSync } = Deno;
  const opened: string[] = [];
  Deno.openSync = (path, options) => (opened.push(String(path)), openSync(path, options));
  try {
    equal(pipeline().explain()[0].status, "cached");
  } finally {
    Deno.openSync = openSync;
  }
  deepEqual(opened.filter((path) => path.endsWith("old.csv")), []);
});

Deno.test("fileInput() of a relative path says from which folder it was looked for", async () => {
  for (const [path, why] of [["nowhere/*.csv", "no file matches it"], ["nowhere.csv", "there is no such file"]]) {
    const pipeline = quietPipeline([{
      name: "load",
      fn: (path: unknown) => path,
      inputs: [fileInput(path)],
      outputs: ["all"],
    }]);
    await rejects(pipeline.run(), (error: Error) => {
      ok(error.message.includes(`${why}, seen from the working directory ${Deno.cwd()}`), error.message);
      return true;
    });
  }
});

Deno.test("fileInput() takes patterns: files that come, go or change count, and the paths are sorted", async () => {
  using at = folder();
  const pipeline = () =>
    quietPipeline([{
      name: "load",
      fn: (paths: string[]) => paths.map((path) => [path.slice(-5), sum(path)]),
      inputs: [fileInput(at.path("in*.csv"))],
      outputs: ["all"],
    }], cached(at.cache));
  await rejects(pipeline().run(), /no file matches it$/);
  for (const [name, text] of [["in2.csv", "2"], ["in1.csv", "1"], ["other", "x"]]) at.write(name, text);
  deepEqual((await pipeline().run()).results.all, [["1.csv", 1], ["2.csv", 2]]);
  equal(pipeline().explain()[0].status, "cached");
  at.write("in3.csv", "3");
  equal(((await pipeline().run()).results.all as unknown[]).length, 3);
  at.write("in3.csv", "4");
  equal(pipeline().explain()[0].status, "run");
  Deno.removeSync(at.path("in3.csv"));
  equal(pipeline().explain()[0].status, "cached");
});

Deno.test("fileInput() takes URLs, and works without a cache", async () => {
  using at = folder();
  at.write("a b.csv", "5");
  const url = pathToFileURL(at.path("a b.csv"));
  for (const path of [url, url.href, at.path("a b.csv")]) {
    const { results } = await quietPipeline([{ name: "n", fn: sum, inputs: [fileInput(path)], outputs: ["y"] }]).run();
    equal(results.y, 5);
  }
  throws(() => fileInput(new URL("https://a/b")), TypeError);
  throws(() => fileInput(""), RangeError);
  throws(() => fileInput(5 as never), TypeError);
  await rejects(
    quietPipeline([{ name: "n", fn: sum, inputs: [fileInput(at.path("."))], outputs: ["y"] }]).run(),
    /it is no file/,
  );
});

Deno.test("A file that changes while its node runs does not poison the cache", async () => {
  using at = folder();
  at.write("a.csv", "1");
  let isChanging = true;
  const pipeline = () =>
    quietPipeline([{
      name: "load",
      version: 1,
      fn: (path: string) => {
        if (isChanging) at.write("a.csv", "100");
        return sum(path);
      },
      inputs: [fileInput(at.path("a.csv"))],
      outputs: ["total"],
    }], cached(at.cache));
  const lines = await logged(() => pipeline().run());
  match(lines.join(), /the outputs of node "load" are not cached: "file:.*" changed while it ran/);
  isChanging = false;
  at.write("a.csv", "1");
  equal((await pipeline().run()).results.total, 1);
});

Deno.test("fileOutput() writes files whole or not at all, and runs its node again when they are missing or changed", async () => {
  using at = folder();
  let calls = 0;
  const pipeline = (text: string, isBroken = false) =>
    quietPipeline([
      {
        name: "report",
        version: isBroken,
        fn: (text: string) => {
          calls++;
          if (!isBroken) {
            return [
              text,
              new TextEncoder().encode(text),
              (path: string) => Deno.writeTextFile(path, `${text}!`),
              text.length,
            ];
          }
          return [
            text,
            () => {
              throw new Error("no ink");
            },
            "",
            0,
          ];
        },
        inputs: ["config.text"],
        outputs: [
          fileOutput(at.path("a.txt")),
          fileOutput(at.path("b.bin")),
          fileOutput(at.path("new/c.txt")),
          "length",
        ],
      },
      {
        name: "read",
        fn: (path: string) => Deno.readTextFileSync(path),
        inputs: [fileInput(at.path("a.txt"))],
        outputs: ["text"],
      },
    ], { ...cached(at.cache), config: { text } });
  deepEqual({ ...(await pipeline("one").run()).results }, { length: 3, text: "one" });
  deepEqual([at.read("a.txt"), at.read("b.bin"), at.read("new/c.txt")], ["one", "one", "one!"]);
  deepEqual(statuses(pipeline("one").explain()), { report: "cached", read: "cached" });
  at.write("b.bin", "spoilt");
  match(pipeline("one").explain()[0].reason, /the file ".*b.bin" is not as it was written/);
  Deno.removeSync(at.path("a.txt"));
  match(pipeline("one").explain()[0].reason, /the file ".*a.txt" is missing/);
  deepEqual(statuses((await pipeline("one").run()).nodes), { report: "run", read: "cached" });
  equal(calls, 2);
  equal((await pipeline("two").run()).results.text, "two");
  // A failure leaves what was there, and nothing else.
  await rejects(pipeline("three", true).run(), /no ink/);
  deepEqual([at.read("a.txt"), at.read("b.bin")], ["two", "two"]);
  const left = [...Deno.readDirSync(at.path("."))].map(({ name }) => name).filter((name) => name.startsWith(".r"));
  deepEqual(left, []);
});

Deno.test("fileOutput() keeps mode and link of what it replaces, and refuses what is no content", async () => {
  using at = folder();
  at.write("real.txt", "old");
  Deno.chmodSync(at.path("real.txt"), 0o640);
  Deno.symlinkSync(at.path("real.txt"), at.path("link.txt"));
  const pipeline = (content: unknown) =>
    quietPipeline([{ name: "n", fn: () => content, outputs: [fileOutput(at.path("link.txt"))] }]);
  await pipeline("new").run();
  equal(at.read("real.txt"), "new");
  ok(Deno.lstatSync(at.path("link.txt")).isSymlink);
  equal(Deno.statSync(at.path("real.txt")).mode! & 0o777, 0o640);
  for (const content of [5, null, {}, () => {}]) {
    await rejects(pipeline(content).run(), /the content of file|has written no file to the path it got/);
  }
  equal(at.read("real.txt"), "new");
});

Deno.test("A file is wired to the node that writes it: the order counts, a pattern too", async () => {
  using at = folder();
  const write: LinearNodeOptions = {
    name: "write",
    fn: (x: string) => x,
    inputs: ["x"],
    outputs: [fileOutput(at.path("a.csv"))],
  };
  const read: LinearNodeOptions = {
    name: "read",
    fn: (path) => sum(path),
    inputs: [fileInput(at.path("./a.csv"))],
    outputs: ["y"],
  };
  const all: LinearNodeOptions = {
    name: "all",
    fn: ([path]: string[]) => sum(path),
    inputs: [fileInput(at.path("*.csv"))],
    outputs: ["z"],
  };
  const run = (x: string, nodes = [write, read, all]) =>
    quietPipeline(nodes, { runtime: { x }, ...cached(at.cache) }).run();
  for (const x of ["1", "2", "1"]) {
    const { results } = await run(x);
    deepEqual({ ...results }, { y: Number(x), z: Number(x) });
  }
  await rejects(run("1", [read, write]), /node "write", which writes it, does not come before/);
});

Deno.test("envInput() and clockInput() count, signalInput() does not", async () => {
  using at = folder();
  const { now } = Date;
  const pipeline = () =>
    quietPipeline([
      {
        name: "region",
        fn: (region?: string) => region ?? "none",
        inputs: [envInput("RINGMILL_TEST_REGION")],
        outputs: ["region"],
      },
      {
        name: "day",
        fn: (day: Date) => day.toISOString(),
        inputs: [clockInput({ everyMs: 86_400_000 })],
        outputs: ["day"],
      },
      { name: "stop", fn: (signal: AbortSignal) => signal.aborted, inputs: [signalInput()], outputs: ["aborted"] },
    ], cached(at.cache));
  try {
    Date.now = () => Date.UTC(2026, 0, 2, 3, 4);
    deepEqual({ ...(await pipeline().run()).results }, {
      region: "none",
      day: "2026-01-02T00:00:00.000Z",
      aborted: false,
    });
    Date.now = () => Date.UTC(2026, 0, 2, 23, 59);
    deepEqual(statuses(pipeline().explain()), { region: "cached", day: "cached", stop: "cached" });
    Date.now = () => Date.UTC(2026, 0, 3);
    Deno.env.set("RINGMILL_TEST_REGION", "north");
    deepEqual(statuses(pipeline().explain()), { region: "run", day: "run", stop: "cached" });
    equal((await pipeline().run()).results.region, "north");
    Deno.env.delete("RINGMILL_TEST_REGION");
    equal(pipeline().explain()[0].status, "cached");
  } finally {
    Date.now = now;
  }
  throws(() => envInput(""), TypeError);
  throws(() => clockInput({ everyMs: 0 }), RangeError);
  throws(() => clockInput({} as never), TypeError);
});

Deno.test("LinearNode with cache: false always runs, and what it makes counts", async () => {
  using at = folder();
  let value = 1;
  const pipeline = () =>
    quietPipeline([
      { name: "read", fn: () => value, cache: false, outputs: ["value"] },
      { name: "next", fn: (n: number) => n + 1, inputs: ["value"], outputs: ["following"] },
    ], cached(at.cache));
  await pipeline().run();
  equal(pipeline().explain()[0].reason, "its outputs are not kept in the cache");
  deepEqual(statuses((await pipeline().run()).nodes), { read: "run", next: "cached" });
  value = 5;
  const { nodes, results } = await pipeline().run();
  deepEqual(statuses(nodes), { read: "run", next: "run" });
  equal(results.following, 6);
});

Deno.test("LinearNode with maxAgeMs runs again when its outputs are older", async () => {
  using at = folder();
  const { now } = Date;
  const pipeline = (maxAgeMs: number) =>
    quietPipeline([{ name: "n", fn: () => 1, outputs: ["y"], maxAgeMs }], cached(at.cache));
  try {
    Date.now = () => 1_000_000_000_000;
    await pipeline(60_000).run();
    Date.now = () => 1_000_000_060_000;
    equal(pipeline(60_000).explain()[0].status, "cached");
    Date.now = () => 1_000_000_060_001;
    equal(pipeline(60_000).explain()[0].reason, "its outputs are older than 1 min");
    equal(pipeline(120_000).explain()[0].status, "cached");
    await pipeline(60_000).run();
    equal(pipeline(60_000).explain()[0].status, "cached");
  } finally {
    Date.now = now;
  }
});

Deno.test("LinearNode with maxAgeMs runs again when the clock was set back before its outputs were made", async () => {
  using at = folder();
  const { now } = Date;
  const pipeline = (maxAgeMs?: number) =>
    quietPipeline([{ name: "n", fn: () => 1, outputs: ["y"], maxAgeMs }], cached(at.cache));
  try {
    Date.now = () => 1_000_000_000_000;
    await pipeline(60_000).run();
    Date.now = () => 999_999_940_000;
    equal(pipeline(60_000).explain()[0].status, "cached");
    Date.now = () => 999_999_939_999;
    equal(pipeline(60_000).explain()[0].reason, "the clock has been set back since its outputs were made");
    equal(pipeline().explain()[0].status, "cached");
    await pipeline(60_000).run();
    equal(pipeline(60_000).explain()[0].status, "cached");
    Date.now = () => 1_000_000_000_000;
    equal(pipeline(60_000).explain()[0].reason, "its outputs are older than 1 min");
  } finally {
    Date.now = now;
  }
});

Deno.test("A file is wired to the node that writes it, whatever the links by which they name it", async () => {
  using at = folder();
  Deno.mkdirSync(at.path("real"));
  Deno.symlinkSync("real", at.path("alias"));
  Deno.symlinkSync("real/a.csv", at.path("link.csv"));
  const ways = ["real/a.csv", "alias/a.csv", "link.csv"];
  const patterns = ["real/*.csv", "alias/*.csv"];
  const writes = (name: string) => {
    return { name: "write", fn: (x: string) => x, inputs: ["x"], outputs: [fileOutput(at.path(name))] };
  };
  const reads = (name: string) => {
    const fn = (path: string | string[]) => sum(`${path}`);
    return { name: "read", fn, inputs: [fileInput(at.path(name))], outputs: ["y"] };
  };
  for (const written of ways) {
    for (const read of [...ways, ...patterns]) {
      // Whether the file is there or not.
      for (const x of ["1", "2"]) {
        const { results } = await quietPipeline([writes(written), reads(read)], { runtime: { x }, ...cached(at.cache) })
          .run();
        equal(results.y, Number(x), `${written} read as ${read}`);
      }
      ok(Deno.lstatSync(at.path("link.csv")).isSymlink);
      if (!patterns.includes(read)) {
        const late = quietPipeline([reads(read), writes(written)], { runtime: { x: "3" } });
        await rejects(late.run(), /node "write", which writes it, does not come before/);
      }
      if (ways.includes(read) && read !== written) {
        const twice = {
          name: "twice",
          fn: () => ["4", "5"],
          outputs: [fileOutput(at.path(written)), fileOutput(at.path(read))],
        };
        throws(() => quietPipeline([twice]), /are one file/);
      }
      Deno.removeSync(at.path("real/a.csv"));
    }
  }
});

/** Never called: what it holds is for the type checker. */
export function rejected() {
  const start = build({ name: "world" });
  start.node({ fn: (path: string) => path, name: "a", inputs: [fileInput("a.csv")], outputs: ["x"] });
  start.node({ fn: (paths: string[]) => paths, name: "a", inputs: [fileInput("*.csv")], outputs: ["x"] });
  start.node({
    fn: (signal: AbortSignal, day: Date) => [signal, day],
    name: "a",
    inputs: [signalInput(), clockInput({ everyMs: 1 })],
  });
  start.node({ fn: () => "text", name: "a", outputs: [fileOutput("a.csv")] });
  // @ts-expect-error A pattern gives several paths.
  start.node({ fn: (path: string) => path, name: "a", inputs: [fileInput("*.csv")], outputs: ["x"] });
  // @ts-expect-error A variable may not be set.
  start.node({ fn: (region: string) => region, name: "a", inputs: [envInput("A")], outputs: ["x"] });
  start.node({ fn: () => 1, name: "a", outputs: ["x"] }).node({
    fn: (x) => `${x}`,
    name: "b",
    inputs: ["x"],
    outputs: [fileOutput("a.csv")],
  });
  // @ts-expect-error A number is no content of a file.
  start.node({ fn: () => 5, name: "a", outputs: [fileOutput("a.csv")] });
  const made = start.node({ fn: () => 1, name: "a", outputs: ["x"] }).build();
  return async () => {
    const { results } = await made.run();
    const x: number = results.x;
    // @ts-expect-error No such result.
    return [x, results.y];
  };
}

Deno.test("fileOutput() of a file that another output writes by another name is refused", () => {
  using at = folder();
  const [path, dotted] = [at.path("report.txt"), `${at.path("")}/./report.txt`];
  const one = { name: "one", fn: () => "a", outputs: [fileOutput(path)] };
  const other = { name: "other", fn: () => "b", outputs: [fileOutput(dotted)] };
  throws(() => quietPipeline([one, other]), /of node "one" and "file:.*\/\.\/report.txt" of node "other" are one file/);
  throws(
    () => quietPipeline([{ name: "both", fn: () => ["a", "b"], outputs: [fileOutput(path), fileOutput(dotted)] }]),
    /of node "both" and .* of node "both" are one file/,
  );
});

Deno.test("fileInput() with a pattern takes no link that leads nowhere, and heeds no pattern in the folder's own name", async () => {
  using at = folder();
  const inside = at.path("data [1] {a} *");
  Deno.mkdirSync(inside);
  Deno.writeTextFileSync(join(inside, "a.csv"), "1");
  Deno.symlinkSync("nowhere", join(inside, "gone.csv"));
  const before = Deno.cwd();
  Deno.chdir(inside);
  try {
    const read = { name: "read", fn: (paths: string[]) => paths, inputs: [fileInput("./*.csv")], outputs: ["paths"] };
    const alone = await quietPipeline([read], cached(at.cache)).run();
    deepEqual(alone.results.paths, ["a.csv"]);
    // The plan knows that the pattern matches what another node writes.
    const write = { name: "write", fn: () => "2", outputs: [fileOutput("b.csv")] };
    const both = await quietPipeline([write, read], cached(at.cache)).run();
    deepEqual(both.results.paths, ["a.csv", "b.csv"]);
  } finally {
    Deno.chdir(before);
  }
});
