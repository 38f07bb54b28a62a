import { stop, transform } from "esbuild";
import { equal, match } from "node:assert/strict";
import config from "../deno.json" with { type: "json" };
import { whyUnsupported } from "../src/supported_runtime.ts";
import { succeeds } from "./_programs.ts";

const NEEDS = "Cannot run Ringmill: it needs Deno 2.9 or later, received";

Deno.test("A runtime other than Deno 2.9 or later is refused in one sentence that names it", () => {
  const deno = (version: string) => whyUnsupported({ Deno: { version: { deno: version } } });
  for (const version of ["2.9.0", "2.9.6", "2.10.1", "3.0.0", "2.9.0-rc.1"]) equal(deno(version), null, version);
  for (const version of ["2.8.3", "2.2.0", "1.46.3"]) equal(deno(version), `${NEEDS} Deno ${version}`);
  const process = { versions: { node: "24.0.0" } };
  equal(whyUnsupported({ process }), `${NEEDS} Node.js 24.0.0`);
  equal(whyUnsupported({ Bun: { version: "1.3.0" }, process }), `${NEEDS} Bun 1.3.0`);
  equal(whyUnsupported({}), `${NEEDS} another runtime`);
  // A shim of Deno's names under another runtime.
  equal(whyUnsupported({ Deno: {}, process }), `${NEEDS} Node.js 24.0.0`);
});

for (const [entry, file] of Object.entries(config.exports)) {
  Deno.test(`The entry point "${entry}" looks at the runtime before it imports anything else`, async () => {
    const text = await Deno.readTextFile(new URL(`../${file}`, import.meta.url));
    const [first] = /^(?:import|export)\b[^;]*;/m.exec(text)!;
    match(first, /^import "[./]*(src\/)?supported_runtime\.ts";$/);
  });
}

Deno.test({
  name: "Node.js is told so at the import",
  // Deno answers to the name of Node.js where there is none.
  ignore: !await succeeds("node", "-e", 'process.exit(typeof Deno === "undefined" ? 0 : 1)'),
  async fn() {
    const folder = await Deno.makeTempDir();
    const file = `${folder}/runtime.mjs`;
    const { code } = await transform(await Deno.readTextFile(new URL("../src/supported_runtime.ts", import.meta.url)), {
      loader: "ts",
    });
    await stop();
    await Deno.writeTextFile(file, code);
    const { success, stderr } = await new Deno.Command("node", { args: [file] }).output();
    await Deno.remove(folder, { recursive: true });
    equal(success, false);
    match(new TextDecoder().decode(stderr), /needs Deno 2\.9 or later, received Node\.js \d/);
  },
});
