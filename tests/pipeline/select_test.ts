/** `select()` in tasks and in the program. */

import { fileURLToPath } from "node:url";
import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { LifecycleError, Pipeline, select, selectAsync, StoppedError } from "@ringmill/ringmill";
import { collect, INT } from "./_helpers.ts";
import * as tasks from "./_select_tasks.ts";

const TASKS = new URL("./_select_tasks.ts", import.meta.url);

for (const fn of [tasks.merge, tasks.mergeAsync]) {
  Deno.test(`A task that selects merges what the program writes to two streams: ${fn.name}`, async () => {
    await using pipe = new Pipeline("merging", TASKS);
    const [left, right, merged] = ["left", "right", "merged"].map((name) =>
      pipe.addStream(name, { ...INT, frames: 4 })
    );
    pipe.addTask("merge", { fn, reads: { left, right }, writes: { merged } });
    const ends = { left: pipe.openWriter(left), right: pipe.openWriter(right) };
    const reader = pipe.openReader(merged);
    await pipe.start();
    const reading = collect(reader);
    for (let n = 0; n < 200; n++) {
      // Whichever has room.
      const key = await selectAsync(ends);
      equal(ends[key].write(Int32Array.of(n)), true);
    }
    ends.left.close();
    await ends.right.writeAsync(Int32Array.of(200));
    ends.right.close();
    deepEqual((await reading).toSorted((a, b) => a - b), Array.from({ length: 201 }, (_, n) => n));
    equal(await pipe.join(), true);
  });
}

for (const fn of [tasks.waitForAny, tasks.waitForAnyAsync]) {
  const begin = async () => {
    const pipe = new Pipeline("waiting", TASKS);
    const [left, right, merged, told] = ["left", "right", "merged", "told"].map((name) => pipe.addStream(name, INT));
    const go = pipe.addEvent("go");
    pipe.addTask("wait", { fn, reads: { left, right }, events: { go }, writes: { merged } });
    pipe.addTask("signal", { fn: tasks.signalWhenTold, reads: { told }, events: { go } });
    const writers = [left, right, told].map((stream) => pipe.openWriter(stream));
    const reader = pipe.openReader(merged);
    await pipe.start();
    pipe.startMonitor({ intervalMs: 10 });
    for await (const { tasks } of pipe.watch()) if (tasks.wait.waits.length === 3) break;
    return { pipe, told: writers[2], reader };
  };

  Deno.test(`A task that selects is seen to wait for each of what it waits for: ${fn.name}`, async () => {
    const { pipe, told, reader } = await begin();
    await using _ = pipe;
    const { state, waits } = pipe.metrics("wait");
    equal(state, "waiting");
    deepEqual(waits.map(({ what, name }) => `${what} ${name}`).toSorted(), ["data left", "data right", "event go"]);
    told.write(Int32Array.of(1));
    equal((await reader.readAsync())![0], 1);
  });

  Deno.test(`A task that selects is unwound by the stop: ${fn.name}`, async () => {
    const { pipe } = await begin();
    pipe.stop();
    equal(await pipe.join({ timeoutMs: 10_000 }), true);
    await pipe.close();
  });
}

Deno.test("selectAsync() in the program rejects at the stop, and select() must not block it", async () => {
  await using pipe = new Pipeline("loop");
  const stream = pipe.addStream("stream", INT);
  pipe.openWriter(stream);
  const reader = pipe.openReader(stream);
  await rejects(selectAsync({ reader }), LifecycleError);
  await pipe.start();
  throws(() => select({ reader }), /the main thread must not block, use selectAsync\(\)/);
  equal(select({ reader }, { timeoutMs: 0 }), null);
  const waiting = selectAsync({ reader });
  pipe.stop();
  await rejects(waiting, StoppedError);
});

Deno.test("selectAsync() refuses the ends of two pipelines together", async () => {
  await using one = new Pipeline("one");
  await using other = new Pipeline("other");
  const [a, b] = [one, other].map((pipe) => {
    const stream = pipe.addStream("stream", INT);
    pipe.openWriter(stream);
    return pipe.openReader(stream);
  });
  await one.start();
  await other.start();
  await rejects(selectAsync({ a, b }), /^Error: Cannot select "b": it belongs to another pipeline than "a"$/);
});

Deno.test("A selectAsync() that waits keeps the program alive, one that was aborted does not", async () => {
  const run = async (abort: boolean) => {
    const code = `
      import { Pipeline, selectAsync } from "@ringmill/ringmill";
      const pipe = new Pipeline("loop");
      const stream = pipe.addStream("stream", { shape: [1], dtype: "int32" });
      const writer = pipe.openWriter(stream), reader = pipe.openReader(stream);
      await pipe.start();
      const timeoutMs = ${abort ? 60_000 : 300}, signal = ${abort} ? AbortSignal.timeout(50) : undefined;
      selectAsync({ reader }, { timeoutMs, signal }).then(console.log, (error) => console.log(error.name));
    `;
    const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
    const file = await Deno.makeTempFile({ suffix: ".ts" });
    try {
      await Deno.writeTextFile(file, code);
      const args = ["run", "-A", "--no-check", "--config", config, file];
      const { stdout } = await new Deno.Command(Deno.execPath(), { args, signal: AbortSignal.timeout(30_000) })
        .output();
      return new TextDecoder().decode(stdout).trim();
    } finally {
      await Deno.remove(file);
    }
  };
  deepEqual([await run(false), await run(true)], ["null", "TimeoutError"]);
});
