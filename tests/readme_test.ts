import { equal } from "node:assert/strict";

const ROOT = new URL("../", import.meta.url);

Deno.test("The README's first example is the one that examples/line.ts runs", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const line = await Deno.readTextFile(new URL("examples/line.ts", ROOT));
  const code = readme.match(/```ts ignore\n([^]*?)```/)![1];
  // The example begins with a comment on how to run it.
  equal(line.slice(line.indexOf("import ")), code);
});
