/** The example of a kernel on another machine, as two programs. */

import { deepEqual, equal, match } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { LACKS_NATS, NatsServer } from "../cluster/_server.ts";
import { CONFIG } from "../_deno.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/remote_kernel.ts", import.meta.url));

function run(...args: string[]): Deno.ChildProcess {
  const all = ["run", "-A", "--quiet", "--config", CONFIG, EXAMPLE, ...args];
  return new Deno.Command(Deno.execPath(), { args: all, stdout: "piped", stderr: "piped", env: { NO_COLOR: "1" } })
    .spawn();
}

Deno.test("remote_kernel.ts asks, hands over work, and shows what was given up", { ignore: LACKS_NATS }, async () => {
  await using server = await NatsServer.start();
  const serving = run(server.url, "--export");
  const [first, all] = serving.stdout.pipeThrough(new TextDecoderStream()).tee();
  try {
    const reader = first.getReader();
    match((await reader.read()).value!, /^exported/);
    const draining = (async () => {
      while (!(await reader.read()).done);
    })();
    const { code, stdout, stderr } = await run(server.url).output();
    equal(new TextDecoder().decode(stderr), "");
    const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
    equal(lines[0], "asked: 6");
    match(lines[1], /^given up after 2 attempts: .*it threw RangeError: there are no words$/);
    deepEqual([lines.length, code], [2, 0]);
    serving.kill("SIGINT");
    equal((await serving.status).code, 0);
    match(await Array.fromAsync(all).then((texts) => texts.join("")), /6 words\n4 words\ndone: 1\n$/);
    await draining;
  } finally {
    try {
      serving.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await serving.status;
    await serving.stderr.cancel();
  }
});

Deno.test("remote_kernel.ts says which server it has not found", { ignore: LACKS_NATS }, async () => {
  const { code, stderr } = await run("nats://127.0.0.1:1").output();
  equal(code, 1);
  match(
    new TextDecoder().decode(stderr),
    /TransportError: Cannot reach remote kernel "counter": nats:\/\/127.0.0.1:1: /,
  );
});
