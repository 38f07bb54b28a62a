/**
 * One stream, several readers. Each reader gets every frame, at its own pace: the slowest one holds the writer back, so
 * nothing is lost. The same function may serve several tasks; `params` tells them apart.
 *
 *     deno run -A examples/fan_out.ts
 */

import { Pipeline, type Reader, type TaskContext, type Writer } from "@ringmill/ringmill";

const FRAMES = 10_000;

export function source({ numbers }: { numbers: Writer<"int32"> }) {
  const frame = numbers.frame();
  for (let n = 1; n <= FRAMES; n++) numbers.write(frame.fill(n));
}

export function sum({ numbers }: { numbers: Reader<"int32"> }, context: TaskContext<{ divisor: number }>) {
  const { divisor } = context.params;
  let frames = 0;
  let total = 0;
  for (const [number] of numbers) {
    frames++;
    if (number % divisor === 0) total += number;
  }
  console.log(`${context.name}: ${frames} frames, the sum is ${total}`);
}

if (import.meta.main) {
  await using pipe = new Pipeline("fan-out", import.meta);
  const numbers = pipe.addStream("numbers", { shape: [1], dtype: "int32" });
  pipe.addTask("source", { fn: source, writes: { numbers } });
  pipe.addTask("all", { fn: sum, reads: { numbers }, params: { divisor: 1 } });
  pipe.addTask("even", { fn: sum, reads: { numbers }, params: { divisor: 2 } });
  pipe.addTask("thousands", { fn: sum, reads: { numbers }, params: { divisor: 1000 } });
  await pipe.run();
}
