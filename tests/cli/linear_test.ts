import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ringmill } from "./_command.ts";

/** A folder with the pipeline, whose cache lies beside it. */
function folder() {
  const path = Deno.makeTempDirSync();
  const file = join(path, "night.ts");
  const linear = import.meta.resolve("@ringmill/ringmill/linear");
  const source = Deno.readTextFileSync(fileURLToPath(new URL("_night.ts", import.meta.url)));
  Deno.writeTextFileSync(file, source.replace('"@ringmill/ringmill/linear"', JSON.stringify(linear)));
  return { path, file, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

Deno.test("run runs a linear pipeline, with changes of its configuration, and its cache beside its file", async () => {
  using at = folder();
  const first = await ringmill("run", at.file);
  equal(first.output, "wrote 3 rows\nthe total is 10\n");
  match(first.errors, /Pipeline "night": 4 ran/);
  equal(first.status, 0);
  deepEqual(Array.from(Deno.readDirSync(join(at.path, ".cache")), ({ name }) => name), ["night.db"]);
  const second = await ringmill("run", "-q", "--set", "config.scale=5", "--set", "config.days=2", at.file);
  deepEqual(second, { status: 0, output: "wrote 2 rows\nthe total is 5\n", errors: "" });
  const part = await ringmill("run", "--from", "tell", at.file);
  match(part.errors, /Pipeline "night": 1 ran/);
});

Deno.test("run goes on with --resume where a linear pipeline has failed", async () => {
  using at = folder();
  const failed = await ringmill("run", "--set", "config.strict=true", at.file);
  equal(failed.status, 1);
  equal(failed.output, "wrote 3 rows\n");
  match(failed.errors, /error: .*Node "total" of pipeline "night" failed: RangeError: too strict/);
  deepEqual(await ringmill("run", "-q", "--resume", at.file), { status: 0, output: "the total is 10\n", errors: "" });
});

Deno.test("run and linear refuse wrong use with status 2, and say what is meant", async () => {
  using at = folder();
  const cases: [string[], RegExp][] = [
    [["--set", "config.scal=1"], /Cannot change config\.scal: config has no "scal"; did you mean "config\.scale"\?/],
    [["--set", "config.scale=many"], /Cannot change config\.scale: expected a number, as it is 2 now, received "many"/],
    [["--set", "config.strict=1"], /expected true or false/],
    [["--set", "config.tags={}"], /expected JSON of the same kind/],
    [["--set", "scale=1"], /expected config\.PATH=VALUE, received "scale=1"/],
  ];
  for (const [args, message] of cases) {
    for (const command of [["run"], ["linear", "explain"]]) {
      const { status, errors } = await ringmill(...command, ...args, at.file);
      match(errors, message);
      equal(status, 2);
    }
  }
  const pipelines = fileURLToPath(new URL("_pipelines.ts", import.meta.url));
  const stream = await ringmill("run", "--resume", pipelines);
  match(stream.errors, /--resume is for linear pipelines/);
  equal(stream.status, 2);
  match((await ringmill("linear", "explain", pipelines)).errors, /linear pipeline/);
  const unknown = await ringmill("run", "--from", "tel", at.file);
  match(unknown.errors, /Cannot find node "tel" in pipeline "night"; did you mean "tell"\?/);
  equal(unknown.status, 2);
});

Deno.test("run and linear refuse options that do nothing for a linear pipeline", async () => {
  using at = folder();
  const pipelines = fileURLToPath(new URL("_pipelines.ts", import.meta.url));
  const run = ["run", at.file];
  const uncached = [pipelines, "--export", "features"];
  const cases: [string[], RegExp][] = [
    ...["record", "dead-letters", "replay", "machine", "connect", "creds", "token-file", "tls-ca"].map((
      name,
    ): [string[], RegExp] => [[...run, `--${name}`, "x"], new RegExp(`: --${name} is for pipelines of tasks\\n$`)]),
    [[...run, "--every", "1"], /--every is for pipelines of tasks/],
    [[...run, "--interval", "50"], /--interval is for pipelines of tasks and graphs/],
    [[...run, "--dashboard"], /--dashboard is for pipelines of tasks and graphs/],
    [[...run, "--input", "1"], /--input is for graphs/],
    [[...run, "--force", ","], /Cannot find node "" in pipeline "night"/],
    [[...run, "--force", "load,tel"], /Cannot find node "tel" in pipeline "night"; did you mean "tell"\?/],
    [["linear", "explain", at.file, "--to", "tel"], /Cannot find node "tel" in pipeline "night"/],
    [[...run, "--from", "tell", "--to", "load"], /from node "tell" to node "load", which is before it/],
    [[...run, "--from", "tell", "--force", "load"], /Cannot force node "load" of pipeline "night": it is left out/],
    [["run", ...uncached, "--resume"], /--resume is for pipelines with usePersistentCache: true/],
    [["run", ...uncached, "--force"], /--force is for pipelines with usePersistentCache: true/],
    [["linear", "explain", ...uncached, "--resume"], /--resume is for pipelines with usePersistentCache: true/],
    [["linear", "show", at.file, "--out", "x.json"], /Cannot write x\.json: --out needs the name of a value/],
    [["linear", "history", at.file, "--last", "1.5"], /It must be an integer/],
    [["linear", "prune", at.file, "--max-bytes", "0.5"], /It must be an integer/],
  ];
  for (const [args, message] of cases) {
    const { status, output, errors } = await ringmill(...args);
    match(errors, message);
    deepEqual([status, output, errors.trimEnd().split("\n").length], [2, "", 1]);
  }
  await ringmill("run", "-q", at.file);
  equal((await ringmill("linear", "history", "--last", "0", at.file)).output, "STARTED  NODE  TIME\n");
  equal((await ringmill("linear", "prune", "--max-bytes", "0", ...uncached)).output, "there is no cache\n");
});

Deno.test("linear explain, show, history, prune and clear tell and tidy", async () => {
  using at = folder();
  const fresh = await ringmill("linear", "explain", at.file);
  match(fresh.output, /^NODE +STATUS +REASON\nload +run +"rows" is not in the cache\n/);
  match((await ringmill("linear", "show", at.file, "total")).errors, /Cannot find "total" .*no run has made it/);
  await ringmill("run", "-q", at.file);
  const explained = await ringmill("linear", "explain", "--set", "config.scale=3", at.file);
  match(explained.output, /load +cached +nothing has changed\n.*\ntotal +run +"config\.scale" has changed\n/s);
  equal((await ringmill("linear", "show", at.file, "total")).output, "10\n");
  match(
    (await ringmill("linear", "show", at.file)).output,
    /^NAME +WHERE +SIZE\nrows +disk +\d+ B\ntotal +disk +\d+ B\n$/,
  );
  const csv = join(at.path, "rows.csv");
  equal((await ringmill("linear", "show", "-o", csv, at.file, "rows")).status, 0);
  equal(Deno.readTextFileSync(csv), 'day,sold,note\r\n0,0,\r\n1,1,"say ""hi"", all"\r\n2,4,\r\n');
  const json = join(at.path, "rows.json");
  await ringmill("linear", "show", "--out", json, at.file, "rows");
  equal(JSON.parse(Deno.readTextFileSync(json))[2].sold, 4);
  equal((await ringmill("linear", "show", "--out", join(at.path, "x.png"), at.file, "rows")).status, 2);
  match(
    (await ringmill("linear", "show", "--out", join(at.path, "x.csv"), at.file, "total")).errors,
    /the value is no table/,
  );
  const history = (await ringmill("linear", "history", "--last", "2", at.file)).output.trim().split("\n");
  equal(history.length, 3);
  match(history[2], /^\d{4}-.*Z +tell +[\d.]+ (µ|m)s$/);
  match(
    (await ringmill("linear", "prune", "--max-bytes", "0", at.file)).output,
    /^removed 2 values, \d+ B; kept 0 B\n$/,
  );
  match((await ringmill("linear", "clear", at.file)).output, /^emptied .*night\.db\n$/);
  doesNotMatch((await ringmill("linear", "history", at.file)).output, /load/);
});
