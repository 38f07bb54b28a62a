import { deepEqual } from "node:assert/strict";
import { join } from "node:path";
import { CONFIG, ROOT, runDeno } from "../_deno.ts";
import { LACKS_NATS, NatsServer } from "./_server.ts";

Deno.test("The guide's programs do what it says", { ignore: LACKS_NATS }, async () => {
  await using server = await NatsServer.start();
  const guide = await Deno.readTextFile(join(ROOT, "src/cluster/README.md"));
  const folder = await Deno.makeTempDir();
  const blocks = guide.matchAll(/^ {3}```ts(?: ignore)?\n {3}\/\/ (\w+\.ts)\n([^]*?)^ {3}```/gm);
  for (const [, file, code] of blocks) {
    await Deno.writeTextFile(join(folder, file), code.replaceAll("nats://127.0.0.1:4222", server.url));
  }
  const run = (file: string) => runDeno(["run", "-A", "--no-check", "--config", CONFIG, join(folder, file)]);
  const [edge, hub] = await Promise.all([run("edge.ts"), run("hub.ts")]);
  deepEqual([edge.code, edge.out, hub.code, hub.out], [0, "", 0, "1000 frames in order\n"]);
  await Deno.remove(folder, { recursive: true });
});
