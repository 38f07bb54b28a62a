/** Recordings that are read. */

import { folderPath, partsIn, readFolderHead } from "./format/folder.ts";
import { RecordedStream } from "./recorded_stream.ts";

/** A recording of one or several streams. */
export class Recording implements Disposable {
  /** The folder. */
  readonly folder: string;
  /** The pipeline whose streams were recorded. */
  readonly pipeline: string;
  /** When that was begun, by the system's clock. */
  readonly startedAt: Date;
  /** The streams by their names. */
  readonly streams: ReadonlyMap<string, RecordedStream>;

  /** Opens what is in a folder. {@link openRecording} does this. */
  constructor(folder: string) {
    const { pipeline, startedAt } = readFolderHead(folder);
    const opened = new Map<string, RecordedStream>();
    using cleanUp = new DisposableStack();
    for (const [name, parts] of partsIn(folder)) opened.set(name, cleanUp.use(new RecordedStream(name, parts)));
    cleanUp.move();
    this.folder = folder;
    this.pipeline = pipeline;
    this.startedAt = startedAt;
    this.streams = opened;
  }

  /**
   * A stream by its name.
   *
   * @throws {RangeError} If it was not recorded.
   */
  stream(name: string): RecordedStream {
    const found = this.streams.get(name);
    if (found) return found;
    const known = Array.from(this.streams.keys(), (one) => `"${one}"`).join(", ") || "none";
    throw new RangeError(`Cannot find stream "${name}" in recording ${this.folder}: it has ${known}`);
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    for (const stream of this.streams.values()) stream[Symbol.dispose]();
  }
}

/**
 * Opens a recording. Its frames stay on the disk: what is read of each file at once is an index of its batches.
 *
 * @throws {Error} If the folder holds no recording, one of a newer Ringmill, or a damaged file.
 *
 * @example
 * ```ts
 * import { openRecording } from "@ringmill/ringmill/recording";
 * import { throws } from "node:assert/strict";
 *
 * const folder = await Deno.makeTempDir();
 * throws(() => openRecording(folder), /it has no recording.toml/);
 * ```
 */
export function openRecording(folder: string | URL): Recording {
  return new Recording(folderPath(folder));
}
