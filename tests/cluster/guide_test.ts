import { deepEqual } from "node:assert/strict";
import { join } from "node:path";
import { CONFIG, ROOT, runDeno } from "../_deno.ts";
import { LACKS_NATS, NatsServer } from "./_server.ts";

const CLI = join(ROOT, "src/cli/main.ts");

Deno.test("The guide's programs do what it says", { ignore: LACKS_NATS }, async () => {
  await using server = await NatsServer.start();
  const guide = await Deno.readTextFile(join(ROOT, "src/cluster/README.md"));
  const folder = await Deno.makeTempDir();
  const blocks = guide.matchAll(/^ *```ts(?: ignore)?\n *\/\/ (\w+\.ts)\n([^]*?)^ *```/gm);
  for (const [, file, code] of blocks) {
    await Deno.writeTextFile(join(folder, file), code.replaceAll("nats://127.0.0.1:4222", server.url));
  }
  const run = (...args: string[]) => runDeno(["run", "-A", "--no-check", "--config", CONFIG, ...args]);
  const line = join(folder, "line.ts");
  const machine = (label: string) => run(CLI, "run", line, "-q", "--machine", label, "--connect", server.url);
  const programs = await Promise.all([
    ...["edge", "hub"].map(machine),
    ...["edge.ts", "hub.ts"].map((file) => run(join(folder, file))),
    run(CLI, "run", line, "-q"),
  ]);
  const counted = "1000 frames in order\n";
  deepEqual(programs.map(({ code, out }) => [code, out]), [[0, ""], [0, counted], [0, ""], [0, counted], [0, counted]]);
  await Deno.remove(folder, { recursive: true });
});
