/**
 * The program itself at both ends of a pipeline: it hands out numbers and collects their squares. The main thread must not
 * block, so its ends are asynchronous; a worker in the middle does the work.
 *
 *     deno run -A examples/main_thread.ts
 */

import { type AsyncReader, type AsyncWriter, Pipeline, type Reader, type Writer } from "@ringmill/ringmill";

const COUNT = 1000;

export function square({ numbers, squares }: { numbers: Reader<"float64">; squares: Writer<"float64"> }) {
  for (const [number] of numbers) squares.write(Float64Array.of(number ** 2));
}

async function feed(numbers: AsyncWriter<"float64">): Promise<void> {
  for (let n = 1; n <= COUNT; n++) await numbers.writeAsync(Float64Array.of(n));
  numbers.close(); // without this, the worker would wait for more
}

async function collect(squares: AsyncReader<"float64">): Promise<number> {
  let sum = 0;
  for await (const [square] of squares) sum += square;
  return sum;
}

if (import.meta.main) {
  await using pipe = new Pipeline("main-thread", import.meta);
  const numbers = pipe.addStream("numbers", { shape: [1], dtype: "float64" });
  const squares = pipe.addStream("squares", { shape: [1], dtype: "float64" });
  pipe.addTask("square", { fn: square, reads: { numbers }, writes: { squares } });
  const writer = pipe.openWriter(numbers);
  const reader = pipe.openReader(squares);
  await pipe.start();
  // Both at once: a program that first wrote everything would wait forever when both rings are full.
  const [sum] = await Promise.all([collect(reader), feed(writer)]);
  await pipe.join();
  console.log(`The squares of 1 to ${COUNT} add up to ${sum}`);
}
