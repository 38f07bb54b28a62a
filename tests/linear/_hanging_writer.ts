/** Writes the file that it is told; with "hang", half of it. */

import { fileOutput, LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";

const [file, mode] = Deno.args;

async function content(path: string): Promise<void> {
  Deno.writeTextFileSync(path, "half");
  if (mode !== "hang") return;
  console.log("half");
  await new Promise((resolve) => setTimeout(resolve, 600_000));
}

const write = new LinearNode({ name: "write", fn: () => content, outputs: [fileOutput(file)] });
await new LinearPipeline({ name: "writer", nodes: [write], quiet: true }).run();
