import { equal, match } from "node:assert/strict";
import { runExample, temporaryFolder } from "./_run.ts";

Deno.test("The weather example predicts better than a guess; its second run comes from the cache and says so", async () => {
  await using folder = await temporaryFolder();
  const first = await runExample("weather.ts", folder.path);
  equal(first.status, 0);
  match(first.output, /train: 5 nodes, 0 of them from the cache/);
  const [, ours, lazy] = first.output.match(/average error: (\d\.\d\d) °C\n.* as today: (\d\.\d\d) °C\n$/)!;
  equal(Number(ours) < Number(lazy), true);
  match(first.errors, /Pipeline "train": 5 ran, /);
  const second = await runExample("weather.ts", folder.path);
  match(second.output, /train: 5 nodes, 5 of them from the cache\ntest: 6 nodes, 6 of them from the cache/);
  match(second.errors, /Pipeline "train": 5 from the cache/);
  equal(second.output.split("\n\n").at(-1), first.output.split("\n\n").at(-1));
});

Deno.test("The weather example explains itself when called in the wrong way", async () => {
  const { status, errors } = await runExample("weather.ts", "--help");
  equal(status, 2);
  match(errors, /^Usage: .*weather\.ts \[FOLDER\]\n$/);
});
