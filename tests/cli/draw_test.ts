import { deepEqual, equal, match } from "node:assert/strict";
import { basename, dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { describePipeline, drawMermaid, drawSvg, drawText } from "@ringmill/ringmill/view";
import { temporaryFolder } from "../examples/_run.ts";
import { PIPELINES, ringmill } from "./_command.ts";
import makePipeline from "./_pipelines.ts";

const DESCRIPTION = describePipeline(makePipeline());
const DRAWINGS = {
  text: `${await drawText(DESCRIPTION)}\n`,
  mermaid: drawMermaid(DESCRIPTION),
  svg: await drawSvg(DESCRIPTION),
};

for (const [format, drawing] of Object.entries(DRAWINGS)) {
  Deno.test(`draw --format ${format} prints the drawing`, async () => {
    deepEqual(await ringmill("draw", "--format", format, PIPELINES), { status: 0, output: drawing, errors: "" });
  });
}

for (const [name, format] of [["a.svg", "svg"], ["a.mmd", "mermaid"], ["a.txt", "text"]] as const) {
  Deno.test(`draw --out ${name} writes what the name says`, async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, name);
    deepEqual(await ringmill("draw", PIPELINES, "--out", file), { status: 0, output: "", errors: "" });
    equal(await Deno.readTextFile(file), DRAWINGS[format]);
  });
}

Deno.test("draw --direction turns the drawing, and draws what cannot be compiled", async () => {
  const { output } = await ringmill("draw", PIPELINES, "--direction", "right");
  match(output, /count\(\) ├─+▶│/);
  const loose = await ringmill("draw", PIPELINES, "--export", "loose");
  match(loose.output, /^loose\n[^]*numbers/);
  equal(loose.status, 0);
});

Deno.test("draw draws graphs of nodes and linear pipelines, too", async () => {
  match((await ringmill("draw", PIPELINES, "--export", "graph")).output, /^text\n[^]* the program [^]* clean /);
  match((await ringmill("draw", PIPELINES, "--export", "features")).output, /^features\n[^]* x [^]* abs [^]* y /);
  const nothing = await ringmill("draw", PIPELINES, "--export", "number");
  match(nothing.errors, /: export "number" is no pipeline or graph, received 7\n$/);
});

Deno.test("check finds modules and functions without running a task", async () => {
  deepEqual(await ringmill("check", PIPELINES), {
    status: 0,
    output: "numbers: 2 tasks, 1 stream, 0 events, ready to run\n",
    errors: "",
  });
});

/** A saved pipeline, which can be drawn. */
const SAVED = 'format_version = 1\nname = "pipe"\n';

/** Ways to name a file that is drawn, or how to make one. */
const NAMES: Record<string, (file: string) => string | Promise<string>> = {
  "its path": (file) => file,
  "a path from the current folder": (file) => relative(Deno.cwd(), file),
  "a path with detours": (file) => `${dirname(file)}/../${basename(dirname(file))}/.//${basename(file)}`,
  "a link": async (file) => {
    await Deno.symlink(file, `${file}.link.svg`);
    return `${file}.link.svg`;
  },
  "a link to a link": async (file) => {
    await Deno.symlink(file, `${file}.1`);
    await Deno.symlink(`${basename(file)}.1`, `${file}.svg`);
    return `${file}.svg`;
  },
  "a hard link": async (file) => {
    await Deno.link(file, `${file}.svg`);
    return `${file}.svg`;
  },
  "a link to its folder": async (file) => {
    await Deno.symlink(dirname(file), join(dirname(file), "here"));
    return join(dirname(file), "here", basename(file));
  },
  "its path in capitals, where that is the same file": async (file) => {
    const capitals = join(dirname(file), basename(file).toUpperCase());
    return await Deno.stat(capitals).then(() => capitals, () => file);
  },
};

for (const [way, nameOf] of Object.entries(NAMES)) {
  Deno.test(`draw refuses to overwrite what it draws, by ${way}`, async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, "pipe.toml");
    await Deno.writeTextFile(file, SAVED);
    const out = await nameOf(file);
    const outcome = await ringmill("draw", file, "--format", "svg", "--out", out);
    deepEqual(outcome, { status: 2, output: "", errors: `error: Cannot write ${out}: it is what is to be drawn\n` });
    equal(await Deno.readTextFile(file), SAVED);
  });
}

Deno.test("draw refuses to overwrite what it draws by a link or a URL, and modules, too", async () => {
  await using folder = await temporaryFolder();
  const [file, link, module] = ["pipe.toml", "link.toml", "a.ts"].map((name) => join(folder.path, name));
  const text = `export { default } from ${JSON.stringify(pathToFileURL(PIPELINES).href)};\n`;
  await Deno.writeTextFile(file, SAVED);
  await Deno.writeTextFile(module, text);
  await Deno.symlink(file, link);
  for (const [target, out] of [[link, file], [pathToFileURL(file).href, file], [module, module]]) {
    const { status, errors } = await ringmill("draw", target, "--format", "text", "--out", out);
    match(errors, /: it is what is to be drawn\n$/);
    equal(status, 2);
  }
  equal(await Deno.readTextFile(file), SAVED);
  equal(await Deno.readTextFile(module), text);
});

for (const name of ["a.png", "a.svg.gz", "a.", "a.constructor"]) {
  Deno.test(`draw --out ${name} is refused, as no drawing has that ending`, async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, name);
    const expected = "expected one of .txt, .svg, .mmd, .mermaid, or --format";
    const errors = `error: Cannot write ${file}: ${expected}\n`;
    deepEqual(await ringmill("draw", PIPELINES, "--out", file), { status: 2, output: "", errors });
    deepEqual([...Deno.readDirSync(folder.path)], []);
  });
}

Deno.test("draw --out takes endings in capitals, and any with --format", async () => {
  await using folder = await temporaryFolder();
  for (const [name, ...format] of [["A.SVG"], ["a.png", "--format", "svg"]]) {
    const file = join(folder.path, name);
    equal((await ringmill("draw", PIPELINES, "--out", file, ...format)).status, 0);
    equal(await Deno.readTextFile(file), DRAWINGS.svg);
  }
});
