import { equal, match } from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runExample, temporaryFolder } from "./_run.ts";

const DATA = fileURLToPath(new URL("../../examples/data/seattle_weather.csv", import.meta.url));

Deno.test("The weather example predicts better than a guess; its second run comes from the cache and says so", async () => {
  await using folder = await temporaryFolder();
  const first = await runExample("weather.ts", folder.path);
  equal(first.status, 0);
  match(first.output, /train: 5 nodes, 0 of them from the cache/);
  const [, ours, lazy] = first.output.match(/average error: (\d\.\d\d) °C\n.* as today: (\d\.\d\d) °C\n$/)!;
  equal(Number(ours) < Number(lazy), true);
  match(first.errors, /Pipeline "train": 5 ran, /);
  const second = await runExample("weather.ts", folder.path);
  match(second.output, /train: 5 nodes, 5 of them from the cache\ntest: 7 nodes, 7 of them from the cache/);
  match(second.errors, /Pipeline "train": 5 from the cache/);
  equal(second.output.split("\n\n").at(-1), first.output.split("\n\n").at(-1));
});

Deno.test("The weather example explains itself when called in the wrong way", async () => {
  const { status, errors } = await runExample("weather.ts", "--help");
  equal(status, 2);
  match(errors, /^Usage: .*weather\.ts \[FOLDER\] \[CSV\]\n$/);
});

Deno.test("The weather example sees that its file has changed, fails on a bad night, and goes on after it", async () => {
  await using folder = await temporaryFolder();
  const csv = join(folder.path, "weather.csv");
  const run = () => runExample("weather.ts", folder.path, csv);
  const whole = Deno.readTextFileSync(DATA);
  Deno.writeTextFileSync(csv, whole);
  const first = await run();
  equal(first.status, 0);
  // Another value of a day: what is made of it is made anew.
  Deno.writeTextFileSync(csv, whole.replace(/^(2014-05-05,[^,]*),[^,]*,/m, "$1,40,"));
  const changed = await run();
  match(changed.output, /train: 5 nodes, 0 of them from the cache\n/);
  // The night on which the year to be tried has not come.
  Deno.writeTextFileSync(csv, whole.split("\n").filter((line) => !line.startsWith("2015")).join("\n"));
  const failed = await run();
  equal(failed.status, 1);
  match(
    failed.errors,
    /LinearNodeError: Node ".*" of pipeline "test" failed: .*run\(\{ resume: true \}\) goes on from here/,
  );
  // It has come: the three years are as they were the first time, so that nothing of the training is run again.
  Deno.writeTextFileSync(csv, whole);
  const resumed = await run();
  equal(resumed.status, 0);
  match(resumed.output, /train: 5 nodes, 5 of them from the cache\ntest: 7 nodes, [67] of them from the cache/);
  equal(resumed.output.split("\n\n").at(-1), first.output.split("\n\n").at(-1));
});
