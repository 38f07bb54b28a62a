/** Files that are outputs: whole or not at all, and nothing beside them. */

import { fileInput, fileOutput } from "@ringmill/ringmill/linear";
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { quietPipeline } from "./_helpers.ts";

function temporaryFolder() {
  const path = Deno.makeTempDirSync();
  const names = () => Array.from(Deno.readDirSync(path), ({ name }) => name).sort();
  return { path, names, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

function writer(...args: string[]): Deno.ChildProcess {
  const program = fileURLToPath(new URL("_hanging_writer.ts", import.meta.url));
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", program, ...args],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

Deno.test("A path is that file, whatever is in its name; in a pattern, brackets and braces are a shell's", async () => {
  using folder = temporaryFolder();
  for (const name of ["a[1].csv", "a1.csv", "{b}.csv", "b.csv"]) Deno.writeTextFileSync(join(folder.path, name), "");
  const found = async (name: string) => {
    const pipeline = quietPipeline([{
      name: "list",
      fn: (paths: string | string[]) => [paths].flat().map((path) => basename(path)),
      inputs: [fileInput(join(folder.path, name))],
      outputs: ["names"],
    }]);
    return (await pipeline.run()).results.names;
  };
  for (const name of folder.names()) deepEqual(await found(name), [name]);
  deepEqual(await found("a[0-9].cs?"), ["a1.csv"]);
  deepEqual(await found("a[[]?].csv"), ["a[1].csv"]);
  deepEqual(await found("{a1,b}.cs?"), ["a1.csv", "b.csv"]);
  deepEqual(await found("[{]*.csv"), ["{b}.csv"]);
});

Deno.test("A file output takes the place of files alone, and says which one cannot be written", async () => {
  using folder = temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  Deno.mkdirSync(at("folder"));
  Deno.writeTextFileSync(at("file"), "");
  using _ = Deno.listen({ transport: "unix", path: at("socket") });
  Deno.symlinkSync(at("socket"), at("link"));
  let calls = 0;
  const outcomes: [name: string, why: RegExp][] = [
    ["folder", /there is a folder of that name/],
    ["socket", /there is a device, a pipe or a socket of that name/],
    ["link", /there is a device, a pipe or a socket of that name/],
    ["file/below", /File exists|Not a directory/],
  ];
  for (const [name, why] of outcomes) {
    const pipeline = quietPipeline([
      { name: "write", fn: () => ["x", `${++calls}`], outputs: [fileOutput(at("other")), fileOutput(at(name))] },
    ]);
    await rejects(pipeline.run(), ({ message }: Error) => {
      match(message, why);
      return message.includes(`file "${at(name)}" cannot be written: `);
    });
  }
  equal(calls, 1);
  equal(Deno.statSync(at("socket")).isSocket, true);
  deepEqual(folder.names(), ["file", "folder", "link", "socket"]);
});

Deno.test("What a killed program has left of a file is no input, and goes when another writes there, never while the program runs", async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "a.csv");
  const inputsOf = async (pattern: string) => {
    const pipeline = quietPipeline([{
      name: "list",
      fn: (paths: string[]) => paths,
      inputs: [fileInput(join(folder.path, pattern))],
      outputs: ["paths"],
    }]);
    return (await pipeline.run()).results.paths;
  };
  const hanging = writer(file, "hang");
  let isKilled = false;
  try {
    const reader = hanging.stdout.getReader();
    equal(new TextDecoder().decode((await reader.read()).value), "half\n");
    reader.releaseLock();
    const drafts = folder.names();
    const next = async (name: string) => equal((await writer(join(folder.path, name), "whole").output()).code, 0);
    await next("b.csv");
    deepEqual(folder.names(), [...drafts, "b.csv"]);
    hanging.kill("SIGKILL");
    await hanging.output();
    isKilled = true;
    deepEqual(folder.names(), [...drafts, "b.csv"]);
    for (const pattern of ["*", "**", "**/*", "*.csv", "**/*.csv"]) {
      deepEqual(await inputsOf(pattern), [join(folder.path, "b.csv")]);
    }
    for (const pattern of [".*", ".*/*", ".*/*.csv"]) await rejects(inputsOf(pattern), /no file matches it/);
    await next("c.csv");
    deepEqual(folder.names(), ["b.csv", "c.csv"]);
  } finally {
    if (!isKilled) hanging.kill("SIGKILL");
    await hanging.stdout.cancel().catch(() => {});
    await hanging.status;
  }
});

Deno.test("Whatever a killed program has left of a draft goes", async () => {
  using folder = temporaryFolder();
  const at = (name: string) => join(folder.path, `.ringmill-draft-${name}`);
  for (const name of ["a", "b", "c"]) Deno.writeTextFileSync(at(`${name}.lock`), "");
  for (const name of ["b", "c"]) Deno.mkdirSync(at(name));
  Deno.writeTextFileSync(join(at("c"), "draft.csv"), "half");
  using lock = Deno.openSync(at("living.lock"), { write: true, createNew: true });
  lock.lockSync(true);
  Deno.mkdirSync(at("living"));
  equal((await writer(join(folder.path, "d.csv"), "whole").output()).code, 0);
  deepEqual(folder.names(), [".ringmill-draft-living", ".ringmill-draft-living.lock", "d.csv"]);
});

Deno.test("A file that cannot get its name leaves nothing, nor do those that are written with it", async () => {
  using folder = temporaryFolder();
  const at = (name: string) => fileOutput(join(folder.path, name));
  Deno.mkdirSync(join(folder.path, "b.csv"));
  const pipeline = quietPipeline([{
    name: "write",
    fn: () => ["a", "b", "c"],
    outputs: ["a.csv", "b.csv", "c.csv"].map(at),
  }]);
  await rejects(pipeline.run(), /Node "write" of pipeline "pipeline" failed: .*b\.csv/);
  deepEqual(folder.names().filter((name) => name.startsWith(".") || name.includes("part")), []);
});

Deno.test("A function that writes a file gets a path that ends as the file does, whatever it writes beside it goes", async () => {
  using folder = temporaryFolder();
  const content = (path: string) => {
    ok(path.endsWith(".csv"));
    Deno.writeTextFileSync(`${path}.journal`, "");
    Deno.writeTextFileSync(path, "rows");
  };
  const name = `${"n".repeat(240)}.csv`;
  await quietPipeline([{ name: "write", fn: () => content, outputs: [fileOutput(join(folder.path, name))] }]).run();
  deepEqual(folder.names(), [name]);
  equal(Deno.readTextFileSync(join(folder.path, name)), "rows");
});
