import { deepEqual, equal } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { DatabaseSync } from "node:sqlite";
import { statuses, temporaryCache } from "./_helpers.ts";
import { pipelineOf } from "./_rounds.ts";

/** 50 in the long form, `FC_RUNS=50`. */
const KILLS = Number(Deno.env.get("FC_RUNS") ?? 20);

function start(path: string, first: number, rounds: number): Deno.ChildProcess {
  const program = fileURLToPath(new URL("_rounds.ts", import.meta.url));
  const args = ["run", "-A", "--no-check", program, path, String(first), String(rounds)];
  return new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "piped" }).spawn();
}

/** What no SQLite file that is whole may say otherwise, and no value without an entry, or a piece without a value. */
function checkFile(path: string): void {
  using database = new DatabaseSync(path, { timeout: 60_000 });
  deepEqual({ ...database.prepare("pragma integrity_check").get() }, { integrity_check: "ok" });
  const count = (what: string) => database.prepare(`select count(*) as count from ${what}`).get()!.count as number;
  equal(count("entries where is_stored = 1 and not exists (select 1 from stored where id = entries.value)"), 0);
  equal(count("call_values where value is not null and not exists (select 1 from stored where id = value)"), 0);
}

/** Starts the program, kills it, and runs the pipeline again on what it has left. */
async function killOnce(path: string, kill: number): Promise<void> {
  const child = start(path, 1000 * kill, 1e9);
  const reader = child.stdout.getReader();
  // Most are killed after their first round, as Deno's own start is not what is tested.
  if (kill % 5 > 0) await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 30 * Math.random()));
  child.kill("SIGKILL");
  equal((await child.status).signal, "SIGKILL");
  reader.releaseLock();
  await Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
  const round = 1000 * kill + 5;
  const next = pipelineOf(path, round);
  const { results } = await next.run();
  checkFile(path);
  equal(results.total, 3 * round);
  equal((results.text as string).length, round % 1000);
  deepEqual(statuses(next.explain()), { make: "cached", double: "cached", count: "cached" });
}

Deno.test(`A cache is whole after its program was killed at a random moment, ${KILLS} times`, async () => {
  const lanes = Array.from({ length: 2 }, async () => {
    using cache = temporaryCache();
    for (let kill = 0; kill < KILLS / 2; kill++) await killOnce(cache.path, kill);
  });
  await Promise.all(lanes);
});

Deno.test("Two programs on one cache neither wait for each other for ever nor take each other's values", async () => {
  using cache = temporaryCache();
  const children = [start(cache.path, 0, 15), start(cache.path, 1_000_000, 15)];
  for (const { code, stderr } of await Promise.all(children.map((child) => child.output()))) {
    equal(new TextDecoder().decode(stderr), "");
    equal(code, 0);
  }
  checkFile(cache.path);
  equal(pipelineOf(cache.path, 0).explain().length, 3);
});
