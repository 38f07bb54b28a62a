/** Task functions that do one thing for long, for the tests of metrics. */

import type { Reader, TaskContext, TaskEvent, Writer } from "@ringmill/ringmill";

/** Computes without a pause, and never waits for anything, until a frame comes. */
export function compute({ numbers, done }: { numbers: Writer<"int32">; done: Reader<"int32"> }) {
  for (let n = 0; done.look() === null; n++) numbers.write(Int32Array.of(n), 0);
}

/** Reads one frame every few milliseconds. */
export function readSlowly({ numbers }: { numbers: Reader<"int32"> }, context: TaskContext) {
  for (const _ of numbers) context.sleep(2);
}

/** Waits for an event. */
export function awaitGo({ go }: { go: TaskEvent }) {
  go.wait();
}

/** Waits for a frame without blocking its thread. */
export async function readAsync({ numbers }: { numbers: Reader<"int32"> }) {
  await numbers.readAsync();
}

/** Takes some of the frames, and lets others pass. */
export function letPass({ numbers }: { numbers: Reader<"int32"> }, context: TaskContext) {
  numbers.setBlocking(false);
  while (!numbers.closed) {
    numbers.read(Infinity);
    context.sleep(1);
  }
}

/** Fills its heap, and then waits. */
export function hoard({ numbers }: { numbers: Reader<"int32"> }) {
  const hoard = Array.from({ length: 1_000_000 }, (_, n) => ({ n }));
  for (const [n] of numbers) hoard[n].n++;
}
