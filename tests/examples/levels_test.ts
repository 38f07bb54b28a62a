import { deepEqual, equal } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runProgram, temporaryFolder } from "./_run.ts";
import makeLevels from "../../examples/levels.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url);
const COMMAND = new URL("../../src/cli/main.ts", import.meta.url);

for (const name of ["levels.ts", "levels.toml"]) {
  Deno.test(`The command line runs the level meter of ${name}`, async () => {
    const { status, output, errors } = await runProgram(COMMAND, "run", "-q", fileURLToPath(new URL(name, EXAMPLES)));
    equal(errors, "");
    equal(status, 0);
    // A block of whole periods has the level of its middle: the amplitude there over the square root of 2.
    const levels = Array.from({ length: 20 }, (_, n) => Math.sin(Math.PI * (n / 10 + 0.005)) ** 2 / Math.SQRT2);
    deepEqual(output.trimEnd().split("\n").map((line) => line.length), levels.map((level) => Math.round(40 * level)));
  });
}

Deno.test("The saved level meter is what its module declares", async () => {
  await using folder = await temporaryFolder();
  await makeLevels().save(`${folder.path}/levels.toml`);
  const inFolder = (text: string) => text.replaceAll(/(?<=function_module = ").*\//g, "./");
  const saved = await Deno.readTextFile(`${folder.path}/levels.toml`);
  equal(inFolder(saved), await Deno.readTextFile(new URL("levels.toml", EXAMPLES)));
});
