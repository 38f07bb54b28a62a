/** The options `--record` and `--replay` of `ringmill run`. */

import type { Pipeline } from "../../pipeline/pipeline.ts";
import { UsageError } from "./exit_status.ts";

/** What is recorded, and what comes from recordings. */
export interface RecordedRunOptions {
  /** The folder of the recording that is made. */
  readonly record?: string;
  /** The streams that are recorded, by commas; all unless it is given. */
  readonly streams?: string;
  /** `stream=FOLDER`, for each stream that is replayed. */
  readonly replay?: readonly string[];
  /** How fast. */
  readonly speed?: number;
}

/**
 * Has a pipeline record and replay what was asked for. Nothing of it is loaded unless something was. `restarts` is how often the
 * run was started again: each has a recording of its own.
 */
export async function arrangeRecording(pipe: Pipeline, options: RecordedRunOptions, restarts = 0): Promise<void> {
  const { record: to, streams, replay: replays = [], speed } = options;
  if (streams !== undefined && to === undefined) {
    throw new UsageError("Cannot record streams: --streams goes with --record");
  }
  if (speed !== undefined && replays.length === 0) {
    throw new UsageError("Cannot set a speed: --speed goes with --replay");
  }
  if (to === undefined && replays.length === 0) return;
  const { record, replay } = await import("../../recording/mod.ts");
  for (const text of replays) {
    const at = text.indexOf("=");
    if (at < 1) throw new UsageError(`Cannot replay ${text}: it must be STREAM=FOLDER`);
    replay(pipe, pipe.stream(text.slice(0, at)), { from: text.slice(at + 1), speed });
  }
  if (to === undefined) return;
  const names = streams?.split(",").map((name) => name.trim()) ?? Array.from(pipe.streams.keys());
  for (const name of names) record(pipe, pipe.stream(name), { to: restarts === 0 ? to : `${to}-restart-${restarts}` });
}
