/** Streams that stay full for long are warned about. */

import { deepEqual, equal, match } from "node:assert/strict";
import { Pipeline, type PipelineOptions } from "@ringmill/ringmill";
import { Manager } from "@ringmill/ringmill/runtime";
import { collect, INT, TASKS } from "./_helpers.ts";
import * as tasks from "./_tasks.ts";

/** What a pipeline warns about while `body` runs. */
async function warningsOf(body: () => Promise<void>): Promise<string[]> {
  const { warn } = console;
  const warnings: string[] = [];
  console.warn = (text: string) => void warnings.push(text);
  try {
    await body();
  } finally {
    console.warn = warn;
  }
  return warnings;
}

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

function writing(options: PipelineOptions, count = 100): Pipeline {
  const pipe = new Pipeline("full", TASKS, options);
  const numbers = pipe.addStream("numbers", { ...INT, frames: 2 });
  pipe.addTask("source", { fn: tasks.writePlainly, writes: { numbers }, params: { count } });
  return pipe;
}

Deno.test("A stream that stays full while its writer waits is warned about once, with its slowest reader", async () => {
  const printed = await warningsOf(async () => {
    await using pipe = writing({ fullWarningMs: 50 });
    const reader = pipe.openReader("numbers");
    await pipe.start();
    await until(() => pipe.warnings.length > 0);
    await delay(200);
    match(
      pipe.warnings.join(),
      /^stream "numbers" has been full for [\d.]+ m?s while its writer waits: its slowest reader is the program itself \(/,
    );
    equal((await collect(reader)).length, 100);
    await pipe.join();
  });
  equal(printed.length, 1);
  match(printed[0], /^Pipeline "full": stream "numbers" has been full/);
});

Deno.test("A stream that stays full names the slowest of several readers, also a task", async () => {
  await warningsOf(async () => {
    await using pipe = writing({ fullWarningMs: 50 });
    const numbers = pipe.stream("numbers", "int32");
    const never = pipe.addStream("never", INT);
    pipe.addTask("quick", { fn: tasks.drain, reads: { numbers } });
    pipe.addTask("hanging", { fn: tasks.readAfterAnother, reads: { numbers, first: never } });
    const writer = pipe.openWriter(never);
    await pipe.start();
    await until(() => pipe.warnings.length > 0);
    match(pipe.warnings.join(), /its slowest reader is task "hanging"/);
    writer.close();
    await pipe.join();
  });
});

Deno.test("A stream that stays full is warned about with each wait strategy, and when the program writes it", async () => {
  for (const wait of ["adaptive", "park", "spin"] as const) {
    await warningsOf(async () => {
      await using pipe = new Pipeline("full", TASKS, { fullWarningMs: 50 });
      const numbers = pipe.addStream("numbers", { ...INT, frames: 2, wait });
      const never = pipe.addStream("never", INT);
      pipe.addTask("hanging", { fn: tasks.readAfterAnother, reads: { numbers, first: never } });
      const writer = pipe.openWriter(numbers);
      const first = pipe.openWriter(never);
      await pipe.start();
      const written = Promise.all([1, 2, 3].map((n) => writer.writeAsync(Int32Array.of(n))));
      await until(() => pipe.warnings.length > 0);
      match(pipe.warnings.join(), /"numbers" .* task "hanging"/);
      first.close();
      deepEqual(await written, [true, true, true]);
      writer.close();
      await pipe.join();
    });
  }
});

for (const wait of ["adaptive", "park", "spin"] as const) {
  Deno.test(`A stream that stays full is warned about while its task waits for room, and only then: ${wait}`, async () => {
    for (const count of [2, 3]) {
      await warningsOf(async () => {
        await using pipe = new Pipeline("full", TASKS, { fullWarningMs: 50 });
        const numbers = pipe.addStream("numbers", { ...INT, frames: 2, wait });
        const never = pipe.addStream("never", INT);
        pipe.addTask("source", { fn: tasks.writeThenRead, writes: { numbers }, reads: { never }, params: { count } });
        const reader = pipe.openReader(numbers);
        const writer = pipe.openWriter(never);
        await pipe.start();
        await until(() => reader.pressure === 1);
        if (count === 2) await delay(300);
        else await until(() => pipe.warnings.length > 0);
        equal(pipe.warnings.filter((warning) => warning.includes("has been full")).length, count - 2);
        writer.close();
        equal((await collect(reader)).length, count);
        await pipe.join();
      });
    }
  });
}

Deno.test("A raw ring that stays full is warned about by its manager", async () => {
  const printed = await warningsOf(async () => {
    await using manager = new Manager("bytes", { fullWarningMs: 50 });
    const done = "done";
    manager.addRing({ name: "chunks", bytes: 8 });
    manager.addRing({ name: done, bytes: 8 });
    manager.addTask({ name: "idle", fn: "readBytes", module: TASKS.href, reads: { bytes: done } });
    const writer = manager.openWriter("chunks");
    const end = manager.openWriter(done);
    manager.openReader("chunks");
    await manager.start();
    writer.write(new Uint8Array(6));
    const ended = writer.lookAsync(6, { timeoutMs: 300 });
    equal(await ended, null);
    end.close();
    await manager.join();
  });
  equal(printed.length, 1);
  match(printed[0], /^"bytes": ring "chunks" has been full for [\d.]+ m?s while .* is the program itself/);
});

Deno.test("A stream is not warned about that is full while nobody waits, that has ended, or with fullWarningMs: Infinity", async () => {
  const printed = await warningsOf(async () => {
    for (const [fullWarningMs, count] of [[10, 2], [Infinity, 3]]) {
      await using pipe = writing({ fullWarningMs }, count);
      const numbers = pipe.addStream("idle", INT);
      pipe.addTask("idle", { fn: tasks.drain, reads: { numbers } });
      const reader = pipe.openReader("numbers");
      const writer = pipe.openWriter(numbers);
      await pipe.start();
      await delay(200);
      writer.close();
      equal((await collect(reader)).length, count);
      await pipe.join();
    }
    await using pipe = new Pipeline("full", TASKS, { fullWarningMs: 10 });
    const numbers = pipe.addStream("numbers", { ...INT, frames: 1 });
    const never = pipe.addStream("never", INT);
    pipe.addTask("hanging", { fn: tasks.readAfterAnother, reads: { numbers, first: never } });
    const writer = pipe.openWriter(numbers);
    const first = pipe.openWriter(never);
    await pipe.start();
    equal(writer.write(Int32Array.of(1)), true);
    equal(writer.write(Int32Array.of(2)), false);
    await delay(200);
    first.close();
    writer.close();
    await pipe.join();
  });
  deepEqual(printed, []);
});
