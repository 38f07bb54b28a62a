/** The examples in the docs of actors, as programs: only a program may launch kernels of its own module. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../", import.meta.url);
const SOURCES = [
  "src/actors/README.md",
  "src/actors/mod.ts",
  "src/actors/runtime.ts",
  "src/actors/ring_kernel.ts",
  "src/actors/kernel_handle.ts",
  "src/actors/kernel_pool.ts",
];

/** The examples in a file that do something only where they are the main module. */
function programsIn(text: string): string[] {
  const blocks = [...text.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code.replace(/^ *\* ?/gm, ""));
  return blocks.filter((code) => code.includes("import.meta.main") && code.includes("RingKernelRuntime"));
}

for (const source of SOURCES) {
  Deno.test(`The examples in ${source} run as programs`, async () => {
    const programs = programsIn(await Deno.readTextFile(new URL(source, ROOT)));
    ok(programs.length > 0);
    for (const program of programs) {
      const path = await Deno.makeTempFile({ suffix: ".ts" });
      try {
        // A program that does not get to its end would print nothing either.
        await Deno.writeTextFile(path, `${program}\nif (import.meta.main) console.log("the end");\n`);
        const config = fileURLToPath(new URL("deno.json", ROOT));
        const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--quiet", "--config", config, path],
          env: { NO_COLOR: "1" },
        }).output();
        const decoder = new TextDecoder();
        deepEqual([code, decoder.decode(stderr)], [0, ""]);
        equal(decoder.decode(stdout).trimEnd().split("\n").at(-1), "the end");
      } finally {
        await Deno.remove(path);
      }
    }
  });
}
