import { equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { runExample, temporaryFolder } from "./_run.ts";

Deno.test("The example of saving and drawing runs what it has reconstructed, and draws it", async () => {
  await using folder = await temporaryFolder();
  const { status, output, errors } = await runExample("save_and_draw.ts", join(folder.path, "new"));
  equal(errors, "");
  equal(status, 0);
  match(output, /│ tone │/);
  match(output, /│ float32\[64\], 32 frames │/);
  match(output, /level: 0\.707\nlevel: 0\.354\nlevel: 0\.177\n/);
  const saved = await Deno.readTextFile(join(folder.path, "new", "tones.toml"));
  match(saved, /\[tasks\.params\.amplitudes\]\n"\$Float32Array" = \[ 1, 0\.5, 0\.25 \]\n/);
  ok((await Deno.readTextFile(join(folder.path, "new", "tones.svg"))).startsWith("<svg "));
});

Deno.test("The example of saving and drawing explains itself when called in the wrong way", async () => {
  const { status, errors } = await runExample("save_and_draw.ts", "--help");
  equal(status, 2);
  match(errors, /^Usage: /);
});
