import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { LifecycleError, Reader, Writer } from "@ringmill/ringmill";
import { collect, INT, newPipeline } from "./_helpers.ts";
import * as tasks from "./_tasks.ts";

/** The program writes numbers, a task doubles them, the program reads them. */
function doubling() {
  const pipe = newPipeline("doubling");
  const numbers = pipe.addStream("numbers", { ...INT, frames: 4 });
  const doubled = pipe.addStream("doubled", { ...INT, frames: 4 });
  pipe.addTask("double", { fn: tasks.double, reads: { numbers }, writes: { doubled } });
  return { pipe, writer: pipe.openWriter(numbers), reader: pipe.openReader(doubled) };
}

Deno.test("Pipeline.openWriter() and openReader() make the program both ends of a line", async () => {
  const { pipe, writer, reader } = doubling();
  await using _ = pipe;
  await pipe.start();
  const reading = collect(reader);
  for (let n = 0; n < 100; n++) equal(await writer.writeAsync(Int32Array.of(n)), true);
  writer.close();
  deepEqual(await reading, Array.from({ length: 100 }, (_, n) => 2 * n));
  equal(reader.closed, true);
  equal(await pipe.join(), true);
});

Deno.test("The program's ends cannot be used before the pipeline is compiled, except for their name", async () => {
  const { pipe, writer, reader } = doubling();
  equal(writer.name, "numbers");
  throws(() => writer.write(Int32Array.of(1)), {
    name: "LifecycleError",
    message: 'Cannot use "numbers" yet: the pipeline must be compiled first',
  });
  throws(() => reader.frameLength, LifecycleError);
  await pipe.compile();
  equal(reader.frameLength, 1);
  ok(reader instanceof Reader && writer instanceof Writer);
  await pipe.close();
});

Deno.test("The program's ends refuse to block the main thread", async () => {
  const { pipe, reader, writer } = doubling();
  await using _ = pipe;
  await pipe.start();
  const blocking = reader as Reader<"int32">;
  throws(() => blocking.read(10), {
    name: "TypeError",
    message: /the main thread must not block, use the async method$/,
  });
  throws(() => blocking.look(Infinity), TypeError);
  throws(() => [...blocking], TypeError);
  writer.close();
});

Deno.test("AsyncReader.readAsync() and AsyncWriter.writeAsync() keep to their timeouts", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", { ...INT, frames: 1 });
  const writer = pipe.openWriter(numbers);
  const reader = pipe.openReader(numbers);
  await pipe.start();
  equal(await reader.readAsync({ timeoutMs: 5 }), null);
  equal(await writer.writeAsync(Int32Array.of(1), { timeoutMs: 5 }), true);
  equal(await writer.writeAsync(Int32Array.of(2), { timeoutMs: 5 }), false);
  await rejects(() => reader.readAsync({ timeoutMs: -1 }), RangeError);
  await rejects(() => writer.writeAsync(Int32Array.of(2), { timeoutMs: NaN }), RangeError);
  deepEqual([...reader.read()!], [1]);
});

Deno.test("AsyncReader.close() frees the writer, and reading throws from then on", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", { ...INT, frames: 2 });
  pipe.addTask("count", { fn: tasks.count, writes: { numbers }, params: { count: 1000 } });
  const reader = pipe.openReader(numbers);
  await pipe.start();
  await reader.readAsync();
  reader.close();
  equal(await pipe.join(), true);
  equal(reader.closed, true);
  throws(() => reader.read(), { message: 'Cannot read "numbers": this reader is closed' });
});

Deno.test("AsyncReader.lookAsync() and increment() hand out frames in place", async () => {
  const { pipe, writer, reader } = doubling();
  await using _ = pipe;
  await pipe.start();
  const slot = (await writer.lookAsync())!;
  ok(slot.buffer instanceof SharedArrayBuffer);
  slot[0] = 21;
  writer.increment();
  equal((await reader.lookAsync())![0], 42);
  equal(reader.increment(), true);
  throws(() => reader.increment(), /look\(\) has found no frame before/);
  throws(() => writer.increment(), /look\(\) has found no frame before/);
});

Deno.test("A loop over ready promises lets the program's timers run", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  const writer = pipe.openWriter(numbers);
  pipe.openReader(numbers).name;
  pipe.addTask.terminator("end", { reads: [numbers] });
  await pipe.start();
  let isOver = false;
  setTimeout(() => isOver = true, 1);
  while (!isOver) await writer.writeAsync(Int32Array.of(1), { timeoutMs: 0 });
});

Deno.test("The program's ends survive being awaited, printed and disposed", async () => {
  const { pipe, writer, reader } = doubling();
  await using _ = pipe;
  await Promise.resolve(writer);
  Deno.inspect(reader);
  await pipe.start();
  {
    using closing = writer;
    closing.write(Int32Array.of(3));
  }
  deepEqual(await collect(reader), [6]);
});

Deno.test("The program's ends are disposed without a word if the pipeline never gets as far as to open them", async () => {
  const failing = async () => {
    await using pipe = newPipeline();
    const numbers = pipe.addStream("numbers", INT);
    using _reader = pipe.openReader(numbers);
    using _event = pipe.openEvent(pipe.addEvent("bell"));
    await pipe.start();
  };
  await rejects(failing, { name: "DeclarationError", message: /stream "numbers" has no writer/ });
});

Deno.test("An end of the program that is closed before the pipeline is compiled is closed from the start", async () => {
  const { pipe, writer, reader } = doubling();
  await using _ = pipe;
  const bell = pipe.openEvent(pipe.addEvent("bell"));
  writer.close();
  bell.close();
  throws(() => writer.write(Int32Array.of(1)), LifecycleError);
  await pipe.start();
  throws(() => writer.write(Int32Array.of(1)), /its writer is closed$/);
  throws(() => bell.signal(), /this party has closed it$/);
  deepEqual(await collect(reader), []);
  equal(await pipe.join(), true);
});
