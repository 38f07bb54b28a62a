/** The options `--record`, `--replay` and `--dead-letters` of `ringmill run`. */

import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { TaskDeclaration } from "../../pipeline/task.ts";
import { naming, TargetError, UsageError } from "./exit_status.ts";

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
  /** The folder for frames that tasks have failed on for good. */
  readonly deadLetters?: string;
}

/** The folder of a run that was started again so many times. */
const folderOf = (folder: string, restarts: number) => restarts === 0 ? folder : `${folder}-restart-${restarts}`;

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
  const sources = replays.map(sourceOf);
  expectOnce("--replay", sources.map(({ stream }) => stream));
  const names = streams?.split(",").map((name) => name.trim()) ?? Array.from(pipe.streams.keys());
  expectOnce("--streams", names);
  const { record, replay } = await import("../../recording/mod.ts");
  naming(() => {
    for (const { stream, from } of sources) replay(pipe, pipe.stream(stream), { from, speed });
    if (to === undefined) return;
    for (const name of names) record(pipe, pipe.stream(name), { to: folderOf(to, restarts) });
  });
}

/** What is replayed, and from where: `STREAM=FOLDER`. */
function sourceOf(text: string): { stream: string; from: string } {
  const at = text.indexOf("=");
  if (at < 1 || at === text.length - 1) throw new UsageError(`Cannot replay ${text}: it must be STREAM=FOLDER`);
  return { stream: text.slice(0, at), from: text.slice(at + 1) };
}

function expectOnce(option: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UsageError(`Cannot take ${option}: stream "${twice}" is named twice`);
}

/** Has dead letters written if that was asked for. Resolves when all have been. */
export async function arrangeDeadLetters(
  pipe: Pipeline,
  { deadLetters: to }: RecordedRunOptions,
  restarts = 0,
): Promise<{ readonly written: Promise<number> } | null> {
  if (to === undefined) return null;
  if (!Array.from(pipe.tasks.values()).some(hasDeadLetters)) {
    throw new UsageError(
      `Cannot write dead letters: no task of pipeline "${pipe.name}" has a restart with onFailedFrame: { then: "deadLetters" }`,
    );
  }
  const { recordDeadLetters } = await import("../../recording/mod.ts");
  const letters = naming(() => recordDeadLetters(pipe, { to: folderOf(to, restarts) }));
  const written = letters.catch((error) => {
    throw new TargetError((error as Error).message);
  });
  // Awaited at the end: mark a rejection until then as handled.
  written.catch(() => {});
  return { written };
}

function hasDeadLetters({ restart }: TaskDeclaration): boolean {
  const policy = restart?.onFailedFrame;
  return typeof policy === "object" && policy.then === "deadLetters";
}
