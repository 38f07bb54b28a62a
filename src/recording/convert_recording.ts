/** Recordings as files of other programs. */

import { join } from "node:path";
import { DTYPES } from "../ring/dtypes.ts";
import * as rules from "../rules.ts";
import { folderPath } from "./format/folder.ts";
import { wavHead } from "./format/wav_head.ts";
import { openRecording } from "./open_recording.ts";
import type { RecordedStream } from "./recorded_stream.ts";

/** Options of {@link convertRecording}. */
export interface ConvertOptions {
  /** `"csv"`: one line for each frame. `"wav"`: frames of one dimension, or of samples by channels, one after the other. */
  to: "csv" | "wav";
  /**
   * The folder for the files, one for each stream.
   *
   * @default {the recording's folder}
   */
  out?: string | URL;
  /** Samples a second of a WAV file. */
  sampleRate?: number;
}

/** What each option of {@link convertRecording} must be. */
export const CONVERT_RULES: rules.Rules = {
  to: rules.oneOf(["csv", "wav"]),
  out: rules.pathOrUrl,
  sampleRate: rules.integer(1, 2 ** 32 - 1),
};

const encoder = new TextEncoder();
/** Lines are written when there is so much of them. */
const WRITE_CHARACTERS = 1 << 16;

function writeWhole(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
}

/** A field of a CSV line, by RFC 4180. */
const field = (text: string) => /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** The names of a stream's numbers: `data[0]`, or `price[0]` of a column. */
function numberNames({ shape, dtype }: RecordedStream): string[] {
  const elements = shape.reduce((product, size) => product * size, 1);
  const columns = typeof dtype === "string" ? [["data", dtype] as const] : Object.entries(dtype);
  return columns.flatMap(([name, type]) =>
    Array.from({ length: elements * DTYPES[type].lanes }, (_, index) => field(`${name}[${index}]`))
  );
}

function writeCsv(file: Deno.FsFile, stream: RecordedStream): void {
  let lines = `${["frame", "time", "lost", ...numberNames(stream)].join(",")}\n`;
  for (const { frame, time, lost, data } of stream) {
    const arrays = ArrayBuffer.isView(data) ? [data] : Object.values(data);
    const numbers = arrays.flatMap((array) => Array.from(array as Iterable<number | bigint>, String));
    lines += `${[frame, time, lost, ...numbers].join(",")}\n`;
    if (lines.length < WRITE_CHARACTERS) continue;
    writeWhole(file, encoder.encode(lines));
    lines = "";
  }
  writeWhole(file, encoder.encode(lines));
}

function writeWav(file: Deno.FsFile, stream: RecordedStream, sampleRate: number): void {
  const head = wavHead(stream, sampleRate);
  if (typeof head === "string") throw new RangeError(`Cannot convert stream "${stream.name}" to wav: ${head}`);
  writeWhole(file, head);
  for (const { data } of stream) {
    const { buffer, byteOffset, byteLength } = data as Uint8Array;
    writeWhole(file, new Uint8Array(buffer, byteOffset, byteLength));
  }
}

/**
 * Writes each stream of a recording to a file of another format. Returns the paths. For tables of large recordings, pyarrow and
 * polars read the recording itself.
 *
 * @throws {TypeError | RangeError} If an option is not what it must be, or a stream cannot be written so.
 *
 * @example
 * ```ts
 * import { convertRecording } from "@ringmill/ringmill/recording";
 * import { throws } from "node:assert/strict";
 *
 * const folder = await Deno.makeTempDir();
 * throws(() => convertRecording(folder, { to: "csv" }), /it has no recording.toml/);
 * ```
 */
export function convertRecording(folder: string | URL, options: ConvertOptions): string[] {
  const action = `convert recording ${folderPath(folder)}`;
  rules.checkOptions(action, options, CONVERT_RULES);
  const { to, out = folder, sampleRate } = options;
  rules.checkRule(action, "to", CONVERT_RULES.to, to);
  if (to === "wav" && sampleRate === undefined) {
    throw new TypeError(`Cannot ${action}: wav needs the option sampleRate`);
  }
  using recording = openRecording(folder);
  Deno.mkdirSync(folderPath(out), { recursive: true });
  return Array.from(recording.streams.values(), (stream) => {
    const path = join(folderPath(out), `${encodeURIComponent(stream.name)}.${to}`);
    const draft = `${path}.${crypto.randomUUID()}.tmp`;
    try {
      using file = Deno.openSync(draft, { write: true, createNew: true });
      if (to === "csv") writeCsv(file, stream);
      else writeWav(file, stream, sampleRate!);
      Deno.renameSync(draft, path);
    } catch (error) {
      Deno.removeSync(draft);
      throw error;
    }
    return path;
  });
}
