/** Recordings that are written directly, without a pipeline. */

import { succeeds } from "../_programs.ts";
import { type ColumnTypes, type DType, DTYPES } from "../../src/ring/dtypes.ts";
import { type FolderHead, makeFolder } from "../../src/recording/format/folder.ts";
import { formatOf } from "../../src/recording/format/frame_format.ts";
import { type RecorderSettings, StreamRecorder } from "../../src/recording/tasks/stream_recorder.ts";

/** A folder that goes away with its block. */
export async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "recording-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** A small disk, or `null` where none can be mounted. */
export async function smallDisk(kibibytes: number): Promise<{ readonly path: string } & AsyncDisposable | null> {
  const path = await Deno.makeTempDir();
  if (!await succeeds("mount", "-t", "tmpfs", "-o", `size=${kibibytes}k`, "none", path)) {
    await Deno.remove(path);
    return null;
  }
  const close = async () => {
    await succeeds("umount", path);
    await Deno.remove(path);
  };
  return { path, [Symbol.asyncDispose]: close };
}

/** A stream to write. */
export interface Kind {
  readonly shape: readonly number[];
  readonly dtype: DType | ColumnTypes;
}

/** Begins to record a stream named "s". */
export function recorderOf({ shape, dtype }: Kind, folder: string, settings: Partial<RecorderSettings> = {}) {
  const head: FolderHead = { pipeline: "p", run: "r", startedAt: new Date(0) };
  makeFolder(folder, head);
  return new StreamRecorder(
    { pipeline: "p", stream: "s", description: "volts", format: formatOf(shape, dtype) },
    { folder, flushMs: Infinity, fsyncMs: null, split: null, minFreeBytes: 0, onFull: "stop", ...settings },
  );
}

/** The bytes of frame number `n` of a kind: each byte depends on both, those between columns are 0. */
export function frameBytes({ shape, dtype }: Kind, n: number): Uint8Array<ArrayBuffer> {
  const { columns, bytes } = formatOf(shape, dtype);
  const frame = new Uint8Array(bytes);
  for (const { offset, bytes } of columns) {
    for (let at = offset; at < offset + bytes; at++) frame[at] = (n * 7 + at * 13) % 251;
  }
  return frame;
}

/** The same as a frame that is read. */
export function frameData(kind: Kind, n: number) {
  const { columns } = formatOf(kind.shape, kind.dtype);
  const { buffer } = frameBytes(kind, n);
  const arrays = columns.map(({ dtype, offset, length }) => new DTYPES[dtype].array(buffer, offset, length).slice());
  return columns[0].name === null ? arrays[0] : Object.fromEntries(columns.map(({ name }, at) => [name, arrays[at]]));
}

/** Writes frames 0 to `count` - 1 in batches of `each`, without the end. */
export function addFrames(recorder: StreamRecorder, kind: Kind, count: number, each: number): void {
  for (let n = 0; n < count; n++) {
    recorder.add([frameBytes(kind, n)]);
    if ((n + 1) % each === 0) recorder.flush();
  }
}
