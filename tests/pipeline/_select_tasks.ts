/** Tasks that select. */

import { type Reader, select, selectAsync, type TaskEvent, type Writer } from "@ringmill/ringmill";

type Inputs = { left: Reader<"int32">; right: Reader<"int32">; go: TaskEvent; merged: Writer<"int32"> };

/** Merges two streams until both have ended. */
export function merge({ left, right, merged }: Omit<Inputs, "go">) {
  while (!left.closed || !right.closed) {
    const frame = { left, right }[select({ left: left.closed ? null : left, right: right.closed ? null : right })]
      .read();
    if (frame) merged.write(frame);
  }
}

/** The same without blocking its thread. */
export async function mergeAsync({ left, right, merged }: Omit<Inputs, "go">) {
  while (!left.closed || !right.closed) {
    const open = { left: left.closed ? null : left, right: right.closed ? null : right };
    const frame = { left, right }[await selectAsync(open)].read();
    if (frame) await merged.writeAsync(frame);
  }
}

/** Waits for any of three for ever. */
export function waitForAny({ left, right, go, merged }: Inputs) {
  select({ left, right, go });
  merged.write(Int32Array.of(1));
}

/** The same without blocking its thread. */
export async function waitForAnyAsync({ left, right, go, merged }: Inputs) {
  await selectAsync({ left, right, go });
  merged.write(Int32Array.of(1));
}

/** Signals when told, by a frame. */
export function signalWhenTold({ told, go }: { told: Reader<"int32">; go: TaskEvent }) {
  if (told.read(Infinity)) go.signal();
}
