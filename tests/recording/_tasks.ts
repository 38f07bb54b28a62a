/** Tasks of recorded pipelines. */

import { mapFrames, type Reader, type TaskContext, type Writer } from "@ringmill/ringmill";
import { StreamFile } from "../../src/recording/format/stream_file.ts";
import { recordFrames, type RecordParams } from "../../src/recording/tasks/record_frames.ts";

/** Writes frames filled with their number. */
export function count({ samples }: { samples: Writer<"float32"> }, { params }: TaskContext<{ frames: number }>) {
  for (let n = 0; n < params.frames; n++) samples.write(samples.frame().fill(n));
}

/** Writes such frames until it is stopped, `pauseMs` apart. */
export function countOn({ samples }: { samples: Writer<"float32"> }, context: TaskContext<{ pauseMs: number }>) {
  for (let n = 0;; n++) {
    samples.write(samples.frame().fill(n));
    if (context.params.pauseMs > 0) context.sleep(context.params.pauseMs);
  }
}

/** How a recorder crashes: at which write of a worker, in how many of them. */
export interface RecorderCrash {
  readonly at: number;
  readonly times: number;
  readonly how: "before" | "after" | "close" | "exit" | "inSync";
}

/** Records, and crashes. */
export function recordAndCrash(
  bindings: Parameters<typeof recordFrames>[0],
  context: TaskContext<RecordParams & { readonly crash: RecorderCrash }, Float64Array>,
) {
  const { at, times, how } = context.params.crash;
  const { append, sync } = StreamFile.prototype;
  const fail = () => {
    if (how === "close") self.close();
    if (how === "exit") Deno.exit(3);
    throw new Error("crash");
  };
  let writes = 0;
  StreamFile.prototype.append = function (message) {
    const mustFail = ++writes === at && context.restarts < times && how !== "inSync";
    if (mustFail && how === "before") fail();
    append.call(this, message);
    if (mustFail) fail();
  };
  StreamFile.prototype.sync = function () {
    if (writes === at && context.restarts < times && how === "inSync") fail();
    sync.call(this);
  };
  recordFrames(bindings, context);
}

/** Passes frames on, doubled. */
export function double({ samples, doubled }: { samples: Reader<"float32">; doubled: Writer<"float32"> }) {
  for (const frame of samples) doubled.write(frame.map((x) => 2 * x));
}

/** Reads all frames. */
export function swallow({ samples }: { samples: Reader<"float32"> }) {
  for (const _frame of samples);
}

/** Reads frames and checks that each is filled with its number. */
export function expectCount({ samples }: { samples: Reader<"float32"> }, { params }: TaskContext<{ frames: number }>) {
  let n = 0;
  for (const frame of samples) {
    if (frame.some((x) => x !== n)) throw new Error(`expected frame ${n}, received ${frame[0]}`);
    n++;
  }
  if (n !== params.frames) throw new Error(`expected ${params.frames} frames, received ${n}`);
}

/** Doubles frames, and crashes at each of some once. */
export function crashAndDouble(
  { samples, doubled }: { samples: Reader<"float32">; doubled: Writer<"float32"> },
  { params, restarts }: TaskContext<{ at: readonly number[] }>,
) {
  mapFrames(samples, doubled, (frame) => {
    if (frame[0] === params.at[restarts]) throw new Error("crash");
    return frame.map((x) => 2 * x);
  });
}
