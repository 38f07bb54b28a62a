/** Tasks of recorded pipelines. */

import type { Reader, TaskContext, Writer } from "@ringmill/ringmill";

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
