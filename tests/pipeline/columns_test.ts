/** Streams with named columns: between tasks, in files, drawings and figures. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Pipeline } from "@ringmill/ringmill";
import { describePipeline, drawText } from "@ringmill/ringmill/view";
import { quote, TICK, value } from "./_column_tasks.ts";
import { Folder, saveAndReconstruct } from "./saved/_helpers.ts";

const TASKS = new URL("./_column_tasks.ts", import.meta.url);

function line(count: number) {
  const pipe = new Pipeline("ticks", TASKS);
  const ticks = pipe.addStream("ticks", { shape: [3], dtype: TICK, frames: 8 });
  const values = pipe.addStream("values", { shape: [1], dtype: "float64" });
  pipe.addTask("quote", { fn: quote, writes: { ticks }, params: { count } });
  pipe.addTask("value", { fn: value, reads: { ticks }, writes: { values } });
  return { pipe, reader: pipe.openReader(values) };
}

Deno.test("Tasks exchange frames of columns, and they are measured", async () => {
  const { pipe, reader } = line(300);
  await using _ = pipe;
  await pipe.compile();
  pipe.startMonitor();
  await pipe.start();
  let n = 0;
  for await (const [sum] of reader) {
    equal(sum, -3 * n * n / 2);
    n++;
  }
  equal(n, 300);
  await pipe.join();
  const { framesOut, bytesOut } = pipe.metrics("quote");
  deepEqual([framesOut, bytesOut], [300, 300 * 64]);
});

Deno.test("Columns are typed in the editor", () => {
  const pipe = new Pipeline("types", TASKS);
  const ticks = pipe.addStream("ticks", { shape: [3], dtype: TICK });
  const other = pipe.addStream("other", { shape: [3], dtype: { time: "int64", price: "float32" } });
  pipe.addTask("right", { fn: quote, writes: { ticks }, params: { count: 1 } });
  // @ts-expect-error: its columns are others.
  pipe.addTask("wrong", { fn: quote, writes: { ticks: other }, params: { count: 1 } });
  const reader = pipe.openReader(ticks);
  const read = () => {
    const frame = reader.read()!;
    const time: BigInt64Array = frame.time;
    // @ts-expect-error: there is no such column.
    frame.prize;
    // @ts-expect-error: frames of columns are no arrays.
    frame[0];
    // @ts-expect-error: a column is not replaced.
    frame.time = time;
  };
  ok(read);
  equal(pipe.tasks.size, 2);
});

Deno.test("Pipeline.save() keeps columns and their order, in version 2 of the format alone", async () => {
  await using folder = new Folder();
  const pipe = new Pipeline("ticks", TASKS);
  const dtype = { z: "int8", a: "<f8", constructor: "complex64", "two words": "bool" } as const;
  pipe.addStream("ticks", { shape: [2, 3], dtype, cacheAlign: false });
  const restored = await saveAndReconstruct(pipe, `${folder.path}/ticks.toml`);
  const { dtype: again, frameBytes, stride } = restored.stream("ticks");
  deepEqual(Object.entries(again), [["z", "int8"], ["a", "float64"], ["constructor", "complex64"], [
    "two words",
    "bool",
  ]]);
  deepEqual([frameBytes, stride], [pipe.stream("ticks").frameBytes, pipe.stream("ticks").stride]);
  match(await Deno.readTextFile(`${folder.path}/ticks.toml`), /^format_version = 2$/m);
  const plain = new Pipeline("plain");
  plain.addStream("numbers", { shape: [2], dtype: "int8" });
  await plain.save(`${folder.path}/plain.toml`);
  match(await Deno.readTextFile(`${folder.path}/plain.toml`), /^format_version = 1$/m);
});

Deno.test("Pipeline.reconstruct() refuses wrong columns with line and stream", async () => {
  await using folder = new Folder();
  const text =
    `format_version = 2\nname = "t"\n\n[[streams]]\nname = "ticks"\nshape = [1]\n\n[streams.dtype]\ntime = "int65"\n`;
  const path = await folder.write("t.toml", text);
  const error = await Pipeline.reconstruct(path).then(() => null, (error) => error);
  equal(error.name, "PipelineFileError");
  match(error.message, /dtype\.time must be one of .*received "int65"/s);
});

Deno.test("A drawing shows the columns of a stream", async () => {
  const { pipe } = line(1);
  match(await drawText(describePipeline(pipe)), /time: int64/);
});
