import { deepEqual, equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type ActorsSnapshot, followDashboard } from "@ringmill/ringmill/view";
import { runExample } from "./_run.ts";

/** Starts an example that prints the address of its dashboard. */
async function startExample(name: string) {
  const path = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", path],
    stdout: "piped",
    stderr: "piped",
  });
  const program = command.spawn();
  const reader = program.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: line } = await reader.read();
  match(line!, /^Dashboard: http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\/\n$/);
  return { program, reader, url: line!.slice("Dashboard: ".length).trim() };
}

Deno.test("The dashboard example shows both microphones until it is interrupted", async () => {
  const { program, reader, url } = await startExample("dashboard.ts");
  await using _ = program;
  let last;
  for await (const update of followDashboard(url)) {
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

Deno.test("The dashboard example of actors shows the shop until it is interrupted", async () => {
  const { program, reader, url } = await startExample("actors_dashboard.ts");
  await using _ = program;
  let last;
  for await (const update of followDashboard<ActorsSnapshot>(url)) {
    last = update;
    if ((update.snapshot.kernels.packing?.messagesProcessed ?? 0) > 0 && !update.isFinal) program.kill("SIGINT");
  }
  ok(last);
  deepEqual([last.state, last.isFinal, Object.keys(last.snapshot.kernels)], [
    "ended",
    true,
    ["store", "packing", "shop"],
  ]);
  equal((await reader.read()).done, true);
  equal(await program.stderr.text(), "");
  equal((await program.status).code, 0);
});

for (const name of ["dashboard.ts", "actors_dashboard.ts"]) {
  Deno.test(`The example ${name} refuses what is no port`, async () => {
    for (const port of ["eight", "-1"]) {
      const { status, errors } = await runExample(name, port);
      equal(errors.trim(), `Usage: deno run -A examples/${name} [PORT]`);
      equal(status, 2);
    }
  });
}
