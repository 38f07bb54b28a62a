import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
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

Deno.test("draw draws graphs of nodes and linear pipelines, too, which run does not run", async () => {
  match((await ringmill("draw", PIPELINES, "--export", "graph")).output, /^text\n[^]* the program [^]* clean /);
  match((await ringmill("draw", PIPELINES, "--export", "features")).output, /^features\n[^]* x [^]* abs [^]* y /);
  const nothing = await ringmill("draw", PIPELINES, "--export", "number");
  match(nothing.errors, /: export "number" is no pipeline or graph, received 7\n$/);
  const run = await ringmill("run", PIPELINES, "--export", "graph");
  match(run.errors, /: export "graph" is no pipeline, received Graph /);
  equal(run.status, 1);
});

Deno.test("check finds modules and functions without running a task", async () => {
  deepEqual(await ringmill("check", PIPELINES), {
    status: 0,
    output: "numbers: 2 tasks, 1 stream, 0 events, ready to run\n",
    errors: "",
  });
});
