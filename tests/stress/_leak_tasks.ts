/** What the tasks of the pipelines do that are looked at for leaks. */

import type { Reader, TaskContext, TaskEvent, Writer } from "@ringmill/ringmill";

/** Fills the whole ring, so that all of its memory is resident, and ends, throws or waits. */
export function fill(
  { out, go }: { out: Writer<"uint8">; go: TaskEvent },
  { params }: TaskContext<{ rounds: number; fails: boolean }>,
) {
  const frame = out.frame().fill(1);
  const frames = out.raw.length / frame.byteLength;
  for (let left = params.rounds * frames; left > 0; left--) out.write(frame, Infinity);
  if (params.fails) throw new RangeError("a planned failure");
  go.signal();
}

/** Reads everything, asynchronously, once it was signalled to. */
export async function drain({ in: from, go }: { in: Reader<"uint8">; go: TaskEvent }) {
  let frames = 0;
  for await (const _ of from) frames++;
  await go.waitAsync();
}
