/** Readers that want the newest frame only, and bindings that are not there. */

import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { LatestStream, Pipeline, type TaskFunction } from "@ringmill/ringmill";
import { collect, INT } from "./_helpers.ts";
import * as tasks from "./_latest_tasks.ts";

const newPipeline = (name = "latest") => new Pipeline(name, new URL("./_latest_tasks.ts", import.meta.url));

for (const fn of [tasks.readLatest, tasks.loopLatest]) {
  Deno.test(`StreamHandle.latest: ${fn.name} gets whole frames, none twice, the newest at the end`, async () => {
    for (const frames of [1, 4]) {
      await using pipe = newPipeline();
      const numbers = pipe.addStream("numbers", { shape: [512], dtype: "int32", frames });
      const seen = pipe.addStream("seen", INT);
      pipe.addTask("source", { fn: tasks.count, writes: { numbers }, params: 5000 });
      pipe.addTask("sink", { fn, reads: { numbers: numbers.latest }, writes: { seen } });
      const reader = pipe.openReader(seen);
      await pipe.start();
      deepEqual(await collect(reader), [5000, 0, 4999]);
      await pipe.join();
    }
  });
}

Deno.test("StreamHandle.latest: the program reads the newest frame there is, and holds nobody back", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", { ...INT, frames: 4 });
  const writer = pipe.openWriter(numbers);
  const reader = pipe.openReader(numbers.latest);
  await pipe.start();
  equal(reader.isBlocking(), false);
  for (let n = 0; n < 10; n++) equal(writer.write(Int32Array.of(n)), true);
  deepEqual(reader.read(), Int32Array.of(9));
  equal(reader.read(), null);
  equal(reader.lost, 9);
  writer.write(Int32Array.of(10));
  writer.write(Int32Array.of(11));
  deepEqual(await reader.readAsync(), Int32Array.of(11));
  writer.write(Int32Array.of(12));
  deepEqual(reader.look(), Int32Array.of(12));
  writer.write(Int32Array.of(13));
  deepEqual(reader.look(), Int32Array.of(12));
  reader.increment();
  writer.close();
  deepEqual(await collect(reader), [13]);
  equal(reader.closed, true);
});

Deno.test("StreamHandle.latest: a controlled task that is off holds nobody back, from the first frame on", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", { ...INT, frames: 8 });
  const seen = pipe.addStream("seen", INT);
  const go = pipe.addEvent("go");
  pipe.addTask("source", { fn: tasks.count, writes: { numbers }, params: 4000 });
  pipe.addTask("alarm", { fn: tasks.alarm, reads: { numbers }, events: { go } });
  pipe.addTask.toggleable("snapshot", {
    fn: tasks.snapshot,
    reads: { numbers: numbers.latest },
    writes: { seen },
    events: { go },
    activateOn: "go",
  });
  const reader = pipe.openReader(seen);
  await pipe.start();
  deepEqual(pipe.warnings, []);
  ok((await collect(reader)).every((n) => n >= 999 - 8));
  await pipe.join();
});

Deno.test("Pipeline.compile() warns of a controlled task that would stop others while it is off", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  const rec = pipe.addEvent("rec");
  const seen = pipe.addStream("seen", INT);
  pipe.addTask("source", { fn: tasks.count, writes: { numbers }, params: 1 });
  pipe.addTask("alarm", { fn: tasks.takesInList, reads: { samples: numbers } });
  pipe.addTask.switchable("record", {
    fn: tasks.snapshot,
    reads: { numbers },
    writes: { seen },
    events: { rec },
    activateOn: "rec",
  });
  pipe.addTask("operator", { fn: tasks.never, events: { rec } });
  pipe.addTask.terminator("nobody", { reads: [seen] });
  await pipe.compile();
  equal(pipe.warnings.length, 1);
  match(
    pipe.warnings[0],
    /"record" holds back .* "numbers" while event "rec" is not open, and with it "alarm": .*\.latest/,
  );
});

Deno.test("StreamHandle.latest is saved and restored, in a file of version 2, like onAbandoned", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/latest.toml`;
  const pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  pipe.addTask("source", { fn: tasks.count, writes: { numbers }, params: 1 });
  const saved = async () => {
    await pipe.save(path);
    return await Deno.readTextFile(path);
  };
  match(await saved(), /^format_version = 1$/m);
  const seen = pipe.addStream("seen", INT);
  pipe.addTask("sink", {
    fn: tasks.readLatest,
    reads: { numbers: numbers.latest },
    writes: { seen },
    onAbandoned: "continue",
  });
  const text = await saved();
  match(text, /^format_version = 2$/m);
  match(text, /^latest = \[ "numbers" \]$/m);
  match(text, /^on_abandoned = "continue"$/m);
  const restored = await Pipeline.reconstruct(path, { allowModules: [new URL("./", import.meta.url).href] });
  deepEqual(restored.tasks.get("sink")!.reads, [{ local: "numbers", target: "numbers", latest: true }]);
  equal(restored.tasks.get("sink")!.onAbandoned, "continue");
  await Deno.writeTextFile(path, text.replace('latest = [ "numbers" ]', 'latest = [ "number" ]'));
  await rejects(() => Pipeline.reconstruct(path, { allowModules: [new URL("./", import.meta.url).href] }), {
    name: "PipelineFileError",
    message: /received "number"; did you mean "numbers"\?$/,
  });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("StreamHandle.latest can only be read", () => {
  const pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  ok(numbers.latest instanceof LatestStream);
  const options = { fn: tasks.count as TaskFunction, writes: { numbers: numbers.latest } };
  throws(() => pipe.addTask("source", options as never), { name: "TypeError", message: /can only be read$/ });
  const other = newPipeline().addStream("numbers", INT);
  const foreign = { fn: tasks.takesInList as TaskFunction, reads: { samples: other.latest } };
  throws(() => pipe.addTask("sink", foreign as never), /of another pipeline$/);
});

for (const fn of [tasks.takesInList, tasks.takesLater, tasks.takesInArrow, tasks.takesAsync, tasks.takesEventLater]) {
  Deno.test(`A binding that is missing or misspelt is named: ${fn.name}`, async () => {
    const pipe = newPipeline();
    const numbers = pipe.addStream("numbers", INT);
    pipe.addTask("sink", { fn: fn as TaskFunction, reads: { sample: numbers, numbers } } as never);
    pipe.openWriter(numbers);
    const error = await pipe.run().catch((error) => error);
    match(error.message, /"sink".* has no binding "(samples|quit|results)"; bound are "sample", "numbers"/);
    if (/samples/.test(error.message)) match(error.message, /did you mean "sample"\?$/);
    await pipe.close().catch(() => {});
  });
}

for (const fn of [tasks.hasDefaults, tasks.asksFirst]) {
  Deno.test(`A binding may be missing for which the function has a default, or asks: ${fn.name}`, async () => {
    await using pipe = newPipeline();
    const numbers = pipe.addStream("numbers", INT);
    pipe.addTask("sink", { fn: fn as TaskFunction, reads: { numbers } } as never);
    pipe.openWriter(numbers);
    await pipe.run();
  });
}
