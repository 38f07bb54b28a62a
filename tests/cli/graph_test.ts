import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../examples/_run.ts";
import { PIPELINES, ringmill, start } from "./_command.ts";

const GRAPHS = fileURLToPath(new URL("./_graphs.ts", import.meta.url));

Deno.test("run executes a graph once, on JSON, and prints its outputs as JSON and nothing else", async () => {
  const { status, output, errors } = await ringmill("run", GRAPHS, "--input", '"to be or not"');
  deepEqual(JSON.parse(output), { split: ["to", "be", "or", "not"], count: { words: "4" } });
  deepEqual([status, errors], [0, "split is called\n"]);
  const one = await ringmill("run", GRAPHS, "--input", '"to be"', "--output", "split");
  deepEqual([one.status, JSON.parse(one.output)], [0, ["to", "be"]]);
});

Deno.test("run keeps a run of a graph, says by 75 that it waits for an answer, and goes on with that", async () => {
  await using folder = await temporaryFolder();
  const kept = [GRAPHS, "--export", "asking", "--run-id", "order 1", "--checkpoint", join(folder.path, "runs.db")];
  const asked = await ringmill("run", ...kept, "--input", '{ "price": 7 }');
  deepEqual(JSON.parse(asked.output), { runId: "order 1", interrupts: [{ node: "approve", value: { pay: 7 } }] });
  deepEqual([asked.status, asked.errors], [75, "price is called\n"]);
  const changed = await ringmill("run", ...kept, "--input", '{ "price": 8 }');
  equal(changed.status, 1);
  match(
    changed.errors,
    /^error: Cannot go on with run "order 1" of graph "asking".*allowChanged[^]*the input is another one\n$/,
  );
  const paid = await ringmill("run", ...kept, "--answer", "true");
  deepEqual([paid.status, JSON.parse(paid.output), paid.errors], [0, { price: 7, approve: "paid" }, ""]);
});

Deno.test("run says which node of a graph has failed, and exits with 1", async () => {
  const failing = ["run", GRAPHS, "--export", "failing"];
  const { status, output, errors } = await ringmill(...failing, "--input", "1");
  deepEqual([status, output], [1, ""]);
  const error = 'error: Node "fail" of graph "failing" failed: RangeError: seven\nIn node "fail": RangeError: seven\n ';
  equal(errors.slice(0, error.length), error);
  const hint = "The graph was executed without --input: its input was undefined\n";
  equal((await ringmill(...failing)).errors.slice(0, hint.length + error.length), `${hint}${error}`);
});

Deno.test("run cancels a graph on Ctrl-C", async () => {
  await using command = start("run", GRAPHS, "--export", "endless", "--dashboard");
  await command.errors.until(/waiting/);
  await command.errors.until(/^Dashboard: .*\n/m);
  const [, url] = /^Dashboard: (http:\S+)$/m.exec(command.errors.text)!;
  match(await (await fetch(`${url}drawing`)).text(), /"title":"endless"/);
  command.kill("SIGINT");
  equal((await command.end()).status, 130);
});

Deno.test("run refuses what does not suit a graph or a pipeline, and exits with 2", async () => {
  const wrong: [string[], RegExp][] = [
    [["--input", "{"], /Cannot take --input: expected JSON, received "{"/],
    [["--output", "splid"], /there is no node "splid"; did you mean "split"/],
    [["--answer", "1"], /--answer needs --run-id/],
    [["--record", "r"], /--record is for pipelines of tasks/],
    [["--from", "a"], /--from is for linear pipelines/],
    [["--run-id", "a"], /Cannot keep run "a" of graph "words": --run-id needs --checkpoint/],
    [["--checkpoint", "a.db"], /--checkpoint needs --run-id/],
    [["--allow-changed"], /--allow-changed needs --run-id/],
    [["--run-id", ""], /Cannot take --run-id: expected a text that is not empty, received ""/],
    [["--creds", "x"], /--creds is for pipelines of tasks/],
    [["--token-file", "x"], /--token-file is for pipelines of tasks/],
    [["--tls-ca", "x"], /--tls-ca is for pipelines of tasks/],
    [["--every", "1"], /--every is for pipelines of tasks/],
    [["--interval", "50"], /--interval needs --dashboard/],
    [["--run-id", "1", "--answer", "1", "--input", "2"], /a run that is answered has its input, without --input/],
  ];
  const refused = await Promise.all(wrong.map(([args]) => ringmill("run", GRAPHS, ...args)));
  for (const [index, { status, errors }] of refused.entries()) {
    equal(status, 2);
    match(errors, wrong[index][1]);
    equal(errors.trim().split("\n").length, 1, errors);
  }
  const noStore = await ringmill("run", GRAPHS, "--run-id", "a", "--checkpoint", GRAPHS);
  match(noStore.errors, /^error: Cannot open SQLite store ".*_graphs.ts": file is not a database\n$/);
  equal(noStore.status, 1);
  const pipeline = await ringmill("run", PIPELINES, "--run-id", "x");
  equal(pipeline.status, 2);
  match(pipeline.errors, /--run-id is for graphs/);
});

Deno.test("check compiles a graph", async () => {
  const whole = await ringmill("check", GRAPHS);
  deepEqual([whole.status, whole.output], [0, "words: 2 nodes, 1 connection, ready to run\n"]);
  const broken = await ringmill("check", GRAPHS, "--export", "broken");
  equal(broken.status, 1);
  match(broken.errors, /^error: Cannot compile graph "broken": it has no nodes/);
});
