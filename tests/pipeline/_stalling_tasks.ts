/** Tasks that get nothing done, each in its own way, and some that only seem so. */

import type { Reader, TaskContext, TaskEvent, Writer } from "@ringmill/ringmill";

type Samples = { samples: Reader<"float64"> };

// A worker whose file is there hangs while it imports this module.
const file = new URL(import.meta.url).searchParams.get("file");
if (file !== null && await Deno.stat(file).then(() => true, () => false)) {
  setInterval(() => {}, 1000);
  await new Promise(() => {});
}

/** Reads one frame, and then waits for an event that nobody signals. */
export function waitsForEvent({ samples, never }: Samples & { never: TaskEvent }) {
  samples.read(Infinity);
  never.wait(Infinity);
}

/** Reads one frame, and computes for ever. */
export function computes({ samples }: Samples) {
  samples.read(Infinity);
  for (;;);
}

/** Reads one frame, and waits for a promise that nobody resolves. */
export async function waitsForPromise({ samples }: Samples) {
  setInterval(() => {}, 1000);
  await samples.readAsync();
  await new Promise(() => {});
}

/** Fails on its first frame after it has made the file, so that its successor hangs in the import. */
export function failsForGood({ samples }: Samples, { params }: TaskContext<{ file: string }>) {
  samples.look(Infinity);
  Deno.writeTextFileSync(params.file, "");
  throw new Error("the last one");
}

/** Reads a frame of each, in turn. */
export function joins({ left, right }: { left: Reader<"float64">; right: Reader<"float64"> }) {
  while (left.read(Infinity) && right.read(Infinity));
}

/** Writes one frame, waits for longer than anybody's time-out, and writes another one. */
export function pauses({ samples }: { samples: Writer<"float64"> }, context: TaskContext) {
  samples.write(Float64Array.of(1));
  context.sleep(400);
  samples.write(Float64Array.of(2));
}

/** Reads what is there. */
export function takes({ samples }: Samples) {
  while (samples.read(0));
}

/** Signals after a while. */
export function signalsLate({ bell }: { bell: TaskEvent }, context: TaskContext) {
  context.sleep(400);
  bell.signal();
}

/** Passes frames on. */
export function passes({ samples, passed }: Samples & { passed: Writer<"float64"> }) {
  for (const frame of samples) passed.write(frame);
}

/** Reads one frame, has enough, and goes on with other things. */
export async function closesEarly({ samples, done }: Samples & { done: Writer<"float64"> }) {
  await samples.readAsync();
  samples.close();
  await new Promise((resolve) => setTimeout(resolve, 500));
  done.write(Float64Array.of(1));
}
