/** Writes the frames of one stream: gathers batches, flushes them by size and by time, splits files, watches the disk. */

import { dirname } from "node:path";
import { now } from "../../ring/clock.ts";
import { schemaOf, type StreamHead } from "../format/arrow_schema.ts";
import { BatchBlock, schemaBytes } from "../format/batch_block.ts";
import { partPath } from "../format/folder.ts";
import { StreamFile } from "../format/stream_file.ts";
import { freeBytes } from "./free_space.ts";

/** How a stream is recorded; every option is there. */
export interface RecorderSettings {
  readonly folder: string;
  readonly flushMs: number;
  readonly fsyncMs: number | null;
  readonly split: { readonly bytes: number; readonly seconds: number } | null;
  readonly minFreeBytes: number;
  readonly onFull: "stop" | "fail" | "dropOldest";
}

/** The disk has no room for more. */
export class DiskFull extends Error {
  override readonly name = "DiskFull";
}

/** How far a recorder has got, for one that takes its place. */
export interface RecorderProgress {
  /** The number of the frame after the last one that is on the disk. */
  flushed: number;
  /** Files that were begun. */
  parts: number;
}

/** A batch is flushed when it has so many bytes. */
const BATCH_BYTES = 256 * 1024;
/** The disk is looked at again after so many bytes. */
const LOOK_BYTES = 16 * 1024 * 1024;
const NANOSECONDS = 1_000_000;

/** The recorder of one stream. */
export class StreamRecorder implements Disposable {
  readonly #head: StreamHead;
  readonly #settings: RecorderSettings;
  readonly #block: BatchBlock;
  readonly #parts: string[] = [];
  readonly #progress: RecorderProgress;
  #file: StreamFile;
  /** The number of the first frame that was not seen yet. */
  #next: number;
  /** The system's clock when the recording began, less the program's: times of a recording never go back. */
  readonly #wallOffset = Date.now() - now();
  #flushAt = Infinity;
  #syncAt = Infinity;
  #splitAt = Infinity;
  #unlooked = Infinity;

  /** Goes on from where another one got. */
  constructor(head: StreamHead, settings: RecorderSettings, progress: RecorderProgress = { flushed: 0, parts: 0 }) {
    this.#progress = progress;
    this.#next = progress.flushed;
    this.#head = head;
    this.#settings = settings;
    this.#block = new BatchBlock(head.format, Math.max(1, Math.floor(BATCH_BYTES / head.format.bytes)));
    this.#file = this.#open();
  }

  /** Frames that can be added before the next flush. */
  get room(): number {
    return this.#block.room;
  }

  /** The number of the next frame, unless some are lost before it. */
  get next(): number {
    return this.#next;
  }

  /** Milliseconds until the next flush; `Infinity` while there is nothing to flush. */
  get patience(): number {
    return Math.max(0, this.#flushAt - now());
  }

  #open(): StreamFile {
    const { folder, split } = this.#settings;
    const path = partPath(folder, this.#head.stream, split ? this.#progress.parts : undefined);
    const file = this.#attempt(() => new StreamFile(path, schemaBytes(schemaOf(this.#head))));
    this.#progress.parts++;
    this.#parts.push(path);
    this.#splitAt = split ? now() + split.seconds * 1000 : Infinity;
    return file;
  }

  /** Takes frames that follow each other, after `lost` that were lost. There must be room for them. */
  add(frames: readonly Uint8Array[], lost = 0): void {
    const time = now();
    this.#next += lost;
    this.#block.add(frames, this.#next, BigInt(Math.round((this.#wallOffset + time) * NANOSECONDS)), lost);
    this.#next += frames.length;
    if (this.#flushAt === Infinity) this.#flushAt = time + this.#settings.flushMs;
    if (this.#block.room === 0 || time >= this.#flushAt) this.flush();
  }

  /**
   * Writes what has been gathered.
   *
   * @throws {DiskFull} If the disk has no room.
   */
  flush(): void {
    this.#flushAt = Infinity;
    if (this.#block.rows === 0) return;
    const message = this.#block.take();
    if (this.#isSplitDue(message.length)) this.#split();
    this.#makeRoom(message.length);
    this.#attempt(() => this.#file.append(message));
    this.#progress.flushed = this.#next;
    this.#sync();
  }

  #isSplitDue(bytes: number): boolean {
    const { split } = this.#settings;
    return split !== null && (this.#file.bytes + bytes > split.bytes || now() >= this.#splitAt);
  }

  #split(): void {
    this.#file.finish();
    this.#file = this.#open();
  }

  #attempt<Result>(write: () => Result): Result {
    try {
      return write();
    } catch (error) {
      if (isFull(error)) throw new DiskFull(`the disk of ${this.#settings.folder} is full`, { cause: error });
      throw error;
    }
  }

  /** Looks whether the disk has room, now and then, and makes some if that is wanted. */
  #makeRoom(bytes: number): void {
    this.#unlooked += bytes;
    const { minFreeBytes, folder, onFull } = this.#settings;
    if (this.#unlooked < Math.min(LOOK_BYTES, minFreeBytes / 4)) return;
    this.#unlooked = 0;
    while (freeBytes(folder) - bytes < minFreeBytes) {
      if (onFull !== "dropOldest" || this.#parts.length < 2) {
        throw new DiskFull(
          `less than minFreeBytes, ${minFreeBytes}, are free on the disk of ${dirname(this.#file.path)}`,
        );
      }
      Deno.removeSync(this.#parts.shift()!);
    }
  }

  #sync(): void {
    const { fsyncMs } = this.#settings;
    if (fsyncMs === null || (this.#syncAt !== Infinity && now() < this.#syncAt)) return;
    this.#file.sync();
    this.#syncAt = now() + fsyncMs;
  }

  /** Writes what is left, and the mark of the end. */
  finish(): void {
    this.flush();
    if (this.#settings.fsyncMs !== null) this.#file.sync();
    this.#file.finish();
  }

  /** Closes the file as it is. */
  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

/** Whether the system says that a disk or a quota is full. */
function isFull(error: unknown): boolean {
  const { code } = error as { readonly code?: string };
  return code === "ENOSPC" || code === "EDQUOT" || /no space left|quota exceeded/i.test(String(error));
}
