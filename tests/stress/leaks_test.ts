/** The short form of `deno task leaks`. */

import { equal } from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** What a program holds is told by /proc. */
const ignore = Deno.build.os !== "linux";

Deno.test(
  "Pipelines that end in any way, or never start, keep no thread, file handle or memory",
  { ignore },
  async () => {
    const program = fileURLToPath(new URL("./leaks.ts", import.meta.url));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--v8-flags=--expose-gc", program, "60"],
      env: { NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder();
    equal(code, 0, text.decode(stdout) + text.decode(stderr));
  },
);
