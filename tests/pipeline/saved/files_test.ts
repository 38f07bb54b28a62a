/** Files as others write them, and as save() leaves them behind. */

import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { Pipeline, PipelineFileError } from "@ringmill/ringmill";
import { writeWhole } from "../../../src/files.ts";
import { Folder } from "./_helpers.ts";

const HEAD = 'format_version = 1\nname = "t"\n\n';
const stream = (name: string, more = "") => `[[streams]]\nname = "${name}"\nshape = [1]\ndtype = "int8"\n${more}`;
const task = (more: string) =>
  `[[tasks]]\nname = "a"\ncontrol_mode = "plain"\nfunction_module = "./x.ts"\nfunction_qualname = "f"\n${more}\n`;

const BROKEN: readonly (readonly [text: string, line: number])[] = [
  [`${HEAD}${stream("s", "bogus = 1\n")}`, 8],
  [`${HEAD}${stream("s")}${stream("u")}${stream("z", 'wait = "evil"\n')}`, 16],
  [`${HEAD}${stream("s", 'description = """a\nb\n\nc"""\nbogus = 1')}`, 12],
  [`${HEAD}${task('params.a = [\n  1,\n  2,\n]\nparams.b.c."$x" = 1')}`, 13],
  [`${HEAD}${stream("s")}${stream("s")}`, 9],
  [`# a comment\n\n\nformat_version = 3\n`, 4],
];

const ENDINGS: readonly (readonly [name: string, change: (text: string) => string])[] = [
  ["\\n", (text) => text],
  ["\\r\\n", (text) => text.replaceAll("\n", "\r\n")],
  ["both", (text) => text.split("\n").map((line, at) => line + (at % 2 ? "\n" : "\r\n")).join("").trimEnd()],
  ["none at the end", (text) => text.trimEnd()],
  ["a byte order mark", (text) => `\ufeff${text}`],
];

for (const [name, change] of ENDINGS) {
  Deno.test(`Pipeline.reconstruct() names the right line of a file whose lines end with: ${name}`, async () => {
    await using folder = new Folder();
    await folder.write("x.ts", "export function f() {}");
    for (const [text, line] of BROKEN) {
      const file = await folder.write("p.toml", change(text));
      await rejects(Pipeline.reconstruct(file), (error) => {
        ok(error instanceof PipelineFileError, String(error));
        equal(error.line, line, error.message);
        return true;
      });
    }
  });
}

Deno.test("Pipeline.reconstruct() names the line of the last of 8,000 streams", async () => {
  await using folder = new Folder();
  const streams = Array.from({ length: 8000 }, (_, at) => stream(`s${at}`)).join("");
  const file = await folder.write("p.toml", `${HEAD}${streams}${stream("last", "bogus = 1\n")}`);
  await rejects(Pipeline.reconstruct(file), { name: "PipelineFileError", line: 3 + 4 * 8000 + 5 });
});

const DEEP: readonly string[] = [
  `params.${"a.".repeat(5000)}b = 1`,
  `params.${"a.".repeat(100_000)}b = 1`,
  `params.x = ${"[".repeat(900)}${"]".repeat(900)}`,
  `params.x = ${"[".repeat(100_000)}${"]".repeat(100_000)}`,
  `params.x = ${"{ a = ".repeat(500)}1${" }".repeat(500)}`,
  `params.x = ${'{ "$Set" = ['.repeat(300)}${"] }".repeat(300)}`,
  `reads.${"a.".repeat(5000)}b = 1`,
  `permissions.${"a.".repeat(5000)}b = 1`,
  `${"a.".repeat(5000)}b = 1`,
  `description = ${"[".repeat(900)}${"]".repeat(900)}`,
];

Deno.test("Pipeline.reconstruct() refuses what is nested too deep with a PipelineFileError, wherever it stands", async () => {
  await using folder = new Folder();
  await folder.write("x.ts", "export function f() {}");
  for (const deep of DEEP) {
    for (const text of [HEAD + task(deep), HEAD + deep, `${HEAD}${stream("s", deep)}`]) {
      const file = await folder.write("p.toml", text);
      await rejects(Pipeline.reconstruct(file), (error) => {
        ok(error instanceof PipelineFileError, `${error}`);
        ok(error.message.length < 2000, `a message of ${error.message.length} characters`);
        match(error.message, /^Cannot reconstruct .*p\.toml:\d+: /);
        return true;
      });
    }
  }
});

Deno.test("What Pipeline.reconstruct() accepts, save() writes, to the deepest level", async () => {
  await using folder = new Folder();
  await folder.write("x.ts", "export function f() {}");
  const kinds: readonly ((depth: number) => string)[] = [
    (depth) => `params = ${"[".repeat(depth)}${"]".repeat(depth)}`,
    (depth) => `params.${"a.".repeat(depth - 1)}b = 1`,
    (depth) => `params = ${'{ "$Set" = ['.repeat(depth)}${"] }".repeat(depth)}`,
    (depth) => `params = ${"[".repeat(depth)}{ "$BigInt64Array" = ["1"] }${"]".repeat(depth)}`,
    (depth) => `params = ${"[".repeat(depth)}{ "$Uint8Array" = [1] }${"]".repeat(depth)}`,
  ];
  for (const kind of kinds) {
    let accepted = 0;
    for (let depth = 95; depth < 104; depth++) {
      const file = await folder.write("p.toml", HEAD + task(kind(depth)));
      const pipe = await Pipeline.reconstruct(file).catch((error) => {
        match(error.message, /must not be nested deeper than 100 levels$/);
      });
      if (!pipe) continue;
      accepted = depth;
      await pipe.save(file);
      await (await Pipeline.reconstruct(file)).close();
      await pipe.close();
    }
    ok(accepted >= 97 && accepted < 103, `${accepted} levels`);
  }
});

Deno.test({
  name: "Pipeline.reconstruct() reads no more than a file may have",
  ignore: Deno.build.os === "windows",
  async fn() {
    await rejects(Pipeline.reconstruct("/dev/zero"), {
      name: "PipelineFileError",
      message: "Cannot reconstruct /dev/zero: it is larger than 256 MiB",
    });
  },
});

/** A pipeline that can be saved. */
function small(): Pipeline {
  const pipe = new Pipeline("small", import.meta);
  pipe.addStream("s", { shape: [1], dtype: "int8" });
  return pipe;
}

Deno.test({
  name: "Pipeline.save() keeps the mode of a file, and writes through links",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = new Folder();
    await using pipe = small();
    for (const mode of [0o600, 0o640, 0o444, 0o755]) {
      const file = await folder.write("a.toml", "x");
      await Deno.chmod(file, mode);
      await pipe.save(file);
      equal((await Deno.stat(file)).mode! & 0o7777, mode);
      await (await Pipeline.reconstruct(file)).close();
      await Deno.remove(file);
    }
    const links = [["target.toml", "l1.toml"], ["l1.toml", "l2.toml"], ["not there yet.toml", "l3.toml"]];
    await folder.write("target.toml", "old");
    for (const [target, link] of links) {
      await Deno.symlink(target, `${folder.path}/${link}`);
      await pipe.save(`${folder.path}/${link}`);
      ok((await Deno.lstat(`${folder.path}/${link}`)).isSymlink);
      match(await Deno.readTextFile(`${folder.path}/${target}`), /name = "small"/);
    }
    const names = (await Array.fromAsync(Deno.readDir(folder.path))).map(({ name }) => name).sort();
    deepEqual(names, ["l1.toml", "l2.toml", "l3.toml", "not there yet.toml", "target.toml"]);
  },
});

Deno.test("writeWhole() leaves what was there if it fails", async () => {
  await using folder = new Folder();
  await Deno.mkdir(`${folder.path}/folder`);
  await rejects(writeWhole(`${folder.path}/folder`, "x"));
  await rejects(writeWhole(`${folder.path}/none/x`, "x"), Deno.errors.NotFound);
  deepEqual((await Array.fromAsync(Deno.readDir(folder.path))).map(({ name }) => name), ["folder"]);
});

Deno.test({
  name: "A link that is changed after Pipeline.reconstruct() does not lead out of the file's folder",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = new Folder();
    await folder.write("in/real/x.ts", "export function f() {}");
    await folder.write("out/x.ts", 'export function f() { throw new Error("outside") }');
    await Deno.symlink("real", `${folder.path}/in/l`);
    const file = await folder.write("in/p.toml", HEAD + task("").replace("./x.ts", "./l/x.ts"));
    await using pipe = await Pipeline.reconstruct(file);
    await Deno.remove(`${folder.path}/in/l`);
    await Deno.symlink("../out", `${folder.path}/in/l`);
    await pipe.run();
    await rejects(Pipeline.reconstruct(file), /names a link that leads outside/);
  },
});

Deno.test("Pipeline.reconstruct() caps what tasks of a file may do", async () => {
  await using folder = new Folder();
  await folder.write("x.ts", "export function f() {}");
  const permissionsOf = async (more: string, cap: unknown) => {
    const file = await folder.write("p.toml", HEAD + task(more));
    const pipe = await Pipeline.reconstruct(file, { permissions: cap as "none" });
    return pipe.tasks.get("a")!.permissions;
  };
  equal(await permissionsOf("", undefined), undefined);
  equal(await permissionsOf("", "none"), "none");
  equal(await permissionsOf('permissions = "inherit"', "none"), "none");
  equal(await permissionsOf('permissions = "none"', { read: true }), "none");
  deepEqual(await permissionsOf("", { read: true }), { read: true });
  const asks =
    'permissions = { read = ["/data/in", "/etc"], net = ["a.example:80", "b.example"], env = true, run = false }';
  deepEqual(await permissionsOf(asks, { read: ["/data"], net: ["a.example"], env: ["HOME"], write: true }), {
    read: ["/data/in"],
    net: ["a.example:80"],
    env: ["HOME"],
    run: false,
  });
  deepEqual(await permissionsOf('permissions = { read = ["/"], sys = "inherit" }', { read: ["/data"], sys: true }), {
    read: ["/data"],
    sys: "inherit",
  });
  deepEqual(await permissionsOf('permissions = { read = ["/data2"] }', { read: ["/data"] }), { read: [] });
});

Deno.test("Misspelt permissions are refused, of tasks, of pools of workers, and of the cap", async () => {
  const wrong: readonly unknown[] = [{ bogus: true }, { raed: true }, "nothing", null, 7, { net: 7 }, { net: [7] }, []];
  for (const permissions of wrong) {
    await using pipe = new Pipeline("p", import.meta);
    const options = { fn: () => {}, permissions } as never;
    const expected = { name: "TypeError", message: /permissions must be "inherit", "none" or a table of env, / };
    throws(() => pipe.addTask("t", options), expected);
    await rejects(Pipeline.reconstruct("nothing.toml", { permissions } as never), expected);
  }
});
