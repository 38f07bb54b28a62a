import { equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { followDashboard } from "@ringmill/ringmill/view";
import { runExample } from "./_run.ts";

Deno.test("The dashboard example shows both microphones until it is interrupted", async () => {
  const path = fileURLToPath(new URL("../../examples/dashboard.ts", import.meta.url));
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", path],
    stdout: "piped",
    stderr: "piped",
  });
  await using program = command.spawn();
  const reader = program.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: line } = await reader.read();
  match(line!, /^Dashboard: http:\/\/127\.0\.0\.1:\d+\/\n$/);
  let last;
  for await (const update of followDashboard(line!.slice("Dashboard: ".length).trim())) {
    last = update;
    if (update.snapshot.tasks.record.framesIn > 0 && update.state === "running") program.kill("SIGINT");
  }
  ok(last);
  equal(last.state, "ended");
  equal(last.isFinal, true);
  equal((await reader.read()).done, true);
  equal(await program.stderr.text(), "");
  equal((await program.status).code, 0);
});

Deno.test("The dashboard example refuses what is no port", async () => {
  for (const port of ["eight", "-1"]) {
    const { status, errors } = await runExample("dashboard.ts", port);
    equal(errors.trim(), "Usage: deno run -A examples/dashboard.ts [PORT]");
    equal(status, 2);
  }
});
