import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { followDashboard } from "@ringmill/ringmill/view";
import { runExample, temporaryFolder } from "./_run.ts";

Deno.test("The CO2 example finds the cycle of 12 months, and draws it", async () => {
  await using folder = await temporaryFolder();
  const { status, output, errors } = await runExample("co2.ts", join(folder.path, "new"));
  equal(errors, "");
  equal(status, 0);
  match(output, /1958-03 to 2020-04: 746 months, 5 of them filled in/);
  match(output, /Average spectrum of 62 segments of 256 months/);
  match(output, /┤ .*╭/);
  match(output, /Strongest cycle: 12\.0 months, 2\.\d\d ppm/);
  match(output, /Another cycle: 6\.0 months/);
  match(output, /Picture: .*co2\.svg\n$/);
  const picture = await Deno.readTextFile(join(folder.path, "new", "co2.svg"));
  ok(picture.startsWith("<svg"));
  match(picture, /12\.0 months/);
  match(picture, /frequency \(cycles a year\)/);
});

Deno.test("The CO2 example prints what it has found where it may not write its picture", async () => {
  const args = ["run", "--allow-read", "--no-prompt", fileURLToPath(new URL("../../examples/co2.ts", import.meta.url))];
  const { code, stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "null" }).output();
  const output = new TextDecoder().decode(stdout);
  match(output, /Strongest cycle: 12\.0 months/);
  match(output, /No picture: Cannot write .*co2\.svg: /);
  equal(code, 0);
});

Deno.test("The CO2 example refuses a folder that is a file", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "file");
  await Deno.writeTextFile(file, "");
  const { status, errors } = await runExample("co2.ts", file);
  equal(status, 1);
  ok(errors.startsWith(`Cannot write ${join(file, "co2.svg")}: `));
  equal(errors.trimEnd().split("\n").length, 1);
});

Deno.test("The CO2 example explains itself when called in the wrong way", async () => {
  for (const args of [["--help"], ["one", "two"]]) {
    const { status, output, errors } = await runExample("co2.ts", ...args);
    equal(status, 2);
    equal(output, "");
    match(errors, /^Usage: .*co2\.ts \[--dashboard\] \[FOLDER\]\n$/);
  }
});

Deno.test("The CO2 example can be watched at its work", async () => {
  const path = fileURLToPath(new URL("../../examples/co2.ts", import.meta.url));
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", path, "--dashboard"],
    stdout: "piped",
  });
  await using program = command.spawn();
  let output = "";
  for await (const text of program.stdout.pipeThrough(new TextDecoderStream())) {
    output += text;
    if (/^Dashboard: .*\n/m.test(output)) break;
  }
  const [, url] = /^Dashboard: (.*)\n/m.exec(output)!;
  for await (const { snapshot } of followDashboard(url)) {
    deepEqual(Object.keys(snapshot.tasks), ["source", "window", "transform", "power", "sink"]);
    if (snapshot.tasks.sink.framesIn > 0) break;
  }
  program.kill();
});
