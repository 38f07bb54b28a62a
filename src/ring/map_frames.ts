/** The loop of a stage that a restart neither loses nor doubles a frame of. */

import type { FrameOf, FrameType } from "./dtypes.ts";
import { describe } from "./frame_kind.ts";
import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** Ends may come from another copy of this package, which a module may import. */
function checkStage(action: string, reader: unknown, writer: unknown, fn: unknown): void {
  const expect = (what: string, received: unknown, own: unknown) => {
    if (typeof own === "function") return;
    throw new TypeError(`Cannot call ${action}(): expected ${what}, received ${describe(received)}`);
  };
  expect("a reader", reader, Object(reader).look);
  expect("a writer", writer, Object(writer).write);
  expect("a function", fn, fn);
}

/**
 * Reads every frame, and writes what `fn` makes of it: one for one. A frame is consumed after its result is written, and both
 * without a call in between that could fail: a task that crashes in `fn`, and is started again, gets the same frame again, and
 * nobody gets a result twice. `fn` may be given a frame again, so let it have no effects that must not be repeated.
 *
 * The frame lies in shared memory, and is valid until `fn` returns.
 *
 * @throws {StoppedError} If the pipeline is told to stop.
 * @throws {TypeError} If an argument is of another kind.
 *
 * @example
 * ```ts
 * import { mapFrames, type Reader, type Writer } from "@ringmill/ringmill";
 *
 * export function double({ samples, doubled }: { samples: Reader<"float32">; doubled: Writer<"float32"> }) {
 *   mapFrames(samples, doubled, (frame) => frame.map((x) => 2 * x));
 * }
 * ```
 */
export function mapFrames<In extends FrameType, Out extends FrameType>(
  reader: Reader<In>,
  writer: Writer<Out>,
  fn: (frame: FrameOf<In, SharedArrayBuffer>) => FrameOf<Out>,
): void {
  checkStage("mapFrames", reader, writer, fn);
  for (;;) {
    const frame = reader.look(Infinity);
    if (frame === null) return;
    writer.write(fn(frame));
    reader.increment();
  }
}

/** As {@link mapFrames}, for an async `fn`; frames are worked on one after the other. */
export async function mapFramesAsync<In extends FrameType, Out extends FrameType>(
  reader: Reader<In>,
  writer: Writer<Out>,
  fn: (frame: FrameOf<In, SharedArrayBuffer>) => FrameOf<Out> | Promise<FrameOf<Out>>,
): Promise<void> {
  checkStage("mapFramesAsync", reader, writer, fn);
  for (;;) {
    const frame = await reader.lookAsync();
    if (frame === null) return;
    const result = await fn(frame);
    // Other code of this thread may write, too.
    do await writer.lookAsync(); while (!writer.look());
    // Without a promise in between: other code of this thread might fail there.
    writer.write(result, 0);
    reader.increment();
  }
}
