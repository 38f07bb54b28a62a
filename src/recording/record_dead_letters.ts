/** Keeps the frames that tasks have failed on for good. */

import { join } from "node:path";
import type { DeadFrame } from "../manager/dead_frames.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import * as rules from "../rules.ts";
import { reportError, summarizeError } from "../worker/error_report.ts";
import { fileName, folderPath, LIST_OF_DEAD_LETTERS, makeFolder } from "./format/folder.ts";
import { bytesOf, formatOf } from "./format/frame_format.ts";
import { DEFAULT_MIN_FREE_BYTES, runOf } from "./record.ts";
import { StreamRecorder } from "./tasks/stream_recorder.ts";
import { tell } from "../notices.ts";

/** Options of {@link recordDeadLetters}. */
export interface RecordDeadLettersOptions {
  /** The folder, which must not hold other dead letters. */
  to: string | URL;
  /**
   * Bytes that stay free on the disk.
   *
   * @default {67108864}
   */
  minFreeBytes?: number;
}

/** What each option of {@link recordDeadLetters} must be. */
export const DEAD_LETTER_RULES: rules.Rules = { to: rules.pathOrUrl, minFreeBytes: rules.integer(0) };

/** The version of a line of the list. */
const VERSION = 1;
/** Writes letters, each as soon as it comes. */
class DeadLetterWriter implements Disposable {
  readonly #pipe: Pipeline;
  readonly #folder: string;
  readonly #minFreeBytes: number;
  readonly #list: Deno.FsFile;
  /** By task and stream. */
  readonly #recorders = new Map<string, StreamRecorder>();

  constructor(pipe: Pipeline, folder: string, minFreeBytes: number) {
    this.#pipe = pipe;
    this.#folder = folder;
    this.#minFreeBytes = minFreeBytes;
    Deno.mkdirSync(folder, { recursive: true });
    this.#list = Deno.openSync(join(folder, LIST_OF_DEAD_LETTERS), { write: true, createNew: true });
  }

  write(letter: DeadFrame): void {
    const { task, stream, frame, attempts, error, data } = letter;
    const recorder = this.#recorderOf(task, stream);
    recorder.add([bytesOf(data, formatOf(...this.#typeOf(stream)).bytes)], frame - recorder.next);
    recorder.flush();
    const report = reportError(error);
    const line = {
      version: VERSION,
      time: new Date(),
      task,
      stream,
      frame,
      attempts,
      error: summarizeError(report),
      stack: report.stack,
    };
    const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
    for (let at = 0; at < bytes.length;) at += this.#list.writeSync(bytes.subarray(at));
  }

  #typeOf(stream: string) {
    const { shape, dtype } = this.#pipe.stream(stream);
    return [shape, dtype] as const;
  }

  /** The frames of a task are a recording: it has failed on each of them once, in their order. */
  #recorderOf(task: string, stream: string): StreamRecorder {
    const key = JSON.stringify([task, stream]);
    const known = this.#recorders.get(key);
    if (known) return known;
    const folder = join(this.#folder, fileName(task));
    const { name: pipeline } = this.#pipe;
    const { description = "" } = this.#pipe.stream(stream);
    makeFolder(folder, { pipeline, run: runOf(this.#pipe), startedAt: new Date() });
    const head = { pipeline, stream, description, format: formatOf(...this.#typeOf(stream)) };
    const how = {
      flushMs: Infinity,
      fsyncMs: null,
      split: null,
      onFull: "stop",
      minFreeBytes: this.#minFreeBytes,
    } as const;
    const recorder = new StreamRecorder(head, { folder, ...how });
    this.#recorders.set(key, recorder);
    return recorder;
  }

  finish(): void {
    for (const recorder of this.#recorders.values()) recorder.finish();
  }

  [Symbol.dispose](): void {
    for (const recorder of this.#recorders.values()) recorder[Symbol.dispose]();
    this.#list.close();
  }
}

/**
 * Takes the dead letters of a pipeline, `pipe.deadLetters`, and writes each into a folder as soon as it comes. `letters.jsonl`
 * has a line for each, in JSON: `version`, `time`, `task`, `stream`, `frame`, `attempts`, `error` and `stack`. The frames lie in a folder
 * named for their task, which is a recording: {@link openRecording} reads it, {@link replay} gives the frames to a pipeline
 * that was mended, pyarrow and polars read its files. `lost` counts the frames in between, which the task has not failed on.
 *
 * Call it before the pipeline runs. When the disk is full, or a letter cannot be written otherwise, the pipeline goes on: the
 * error is printed once, and the letters that are lost are counted.
 *
 * @returns How many were written, when all tasks have ended.
 * @throws {TypeError | RangeError} If an option is not what it must be.
 * @throws {Error} If the folder holds other dead letters, or cannot be made. When all tasks have ended: if letters were lost.
 *
 * @example
 * ```ts
 * import { Pipeline } from "@ringmill/ringmill";
 * import { recordDeadLetters } from "@ringmill/ringmill/recording";
 * import { equal } from "node:assert/strict";
 *
 * const to = `${await Deno.makeTempDir()}/dead`;
 * const pipe = new Pipeline("line", import.meta);
 * const written = recordDeadLetters(pipe, { to });
 * await pipe.close();
 * equal(await written, 0);
 * equal(await Deno.readTextFile(`${to}/letters.jsonl`), "");
 * ```
 */
export function recordDeadLetters(pipe: Pipeline, options: RecordDeadLettersOptions): Promise<number> {
  const action = `write the dead letters of pipeline "${pipe.name}"`;
  rules.checkOptions(action, options, DEAD_LETTER_RULES);
  const { to, minFreeBytes = DEFAULT_MIN_FREE_BYTES } = options;
  if (to === undefined) rules.checkRule(action, "to", rules.pathOrUrl, to);
  const folder = folderPath(to);
  try {
    return writeAll(pipe, new DeadLetterWriter(pipe, folder, minFreeBytes), `Cannot ${action} into ${folder}`);
  } catch (error) {
    const reason = error instanceof Deno.errors.AlreadyExists ? "it holds others" : (error as Error).message;
    throw new Error(`Cannot ${action} into ${folder}: ${reason}`, { cause: error });
  }
}

async function writeAll(pipe: Pipeline, writer: DeadLetterWriter, cannot: string): Promise<number> {
  using _writer = writer;
  let written = 0;
  let lost = 0;
  let first: Error | undefined;
  const attempt = (write: () => void): boolean => {
    try {
      write();
      return true;
    } catch (error) {
      if (!first) tell(`${cannot}: ${(error as Error).message}; the pipeline goes on`);
      first ??= error as Error;
      return false;
    }
  };
  for await (const letter of pipe.deadLetters) {
    if (attempt(() => writer.write(letter))) written++;
    else lost++;
  }
  attempt(() => writer.finish());
  if (!first) return written;
  throw new Error(`${cannot}: ${lost} of ${written + lost} are lost: ${first.message}`, { cause: first });
}
