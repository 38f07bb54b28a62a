/** `ringmill recording` */

import type { Recording } from "../../recording/open_recording.ts";
import { formatBytes, formatCount } from "../../units.ts";
import { naming, STATUS } from "../program/exit_status.ts";
import { STDOUT } from "../../terminal.ts";

/** Options of `ringmill recording convert`. */
export interface ConvertCommandOptions {
  readonly to: "csv" | "wav";
  readonly out?: string;
  readonly rate?: number;
}

/** Calls what may find that the folder is not what it should be. The library of Arrow is loaded only here. */
async function about<Result>(act: (room: typeof import("../../recording/mod.ts")) => Result): Promise<Result> {
  const room = await import("../../recording/mod.ts");
  return naming(() => act(room));
}

function timeText(nanoseconds: bigint | null): string {
  return nanoseconds === null ? "never" : new Date(Number(nanoseconds / 1_000_000n)).toISOString();
}

function describeStreams(recording: Recording): string[] {
  return Array.from(recording.streams.values()).flatMap((stream) => {
    const { name, dtype, shape, frames, lost, start, end, parts, last } = stream;
    const types = typeof dtype === "string"
      ? dtype
      : `{ ${Object.entries(dtype).map(([column, type]) => `${column}: ${type}`).join(", ")} }`;
    const cutOff = parts.filter(({ isComplete }) => !isComplete).map(({ path }) =>
      `  cut off after frame ${last ?? "none"}: ${path}; ringmill recording repair ends it`
    );
    return [
      `${name}: ${types} [${shape.join(", ")}], ${formatCount(frames)} frames, ${formatCount(lost)} lost`,
      `  from ${timeText(start)} to ${timeText(end)}`,
      `  ${parts.length} ${parts.length === 1 ? "file" : "files"}, ${
        formatBytes(parts.reduce((sum, { bytes }) => sum + bytes, 0))
      }`,
      ...cutOff,
    ];
  });
}

/** Says what a recording holds. */
export async function recordingInfo(folder: string): Promise<number> {
  const lines = await about(({ openRecording }) => {
    using recording = openRecording(folder);
    const head = `Recording of pipeline "${recording.pipeline}", begun ${recording.startedAt.toISOString()}`;
    return [head, ...describeStreams(recording)];
  });
  STDOUT.print(lines.join("\n"));
  return STATUS.ended;
}

/** Ends what was cut off. */
export async function recordingRepair(folder: string): Promise<number> {
  const repaired = await about(({ repairRecording }) => repairRecording(folder));
  for (const { path, cutBytes, last } of repaired) {
    STDOUT.print(
      `${path}: cut off after frame ${last ?? "none"}; ${formatBytes(cutBytes)} of an incomplete batch are gone`,
    );
  }
  if (repaired.length === 0) STDOUT.print("All files were ended properly.");
  return STATUS.ended;
}

/** Writes the streams in another format. */
export async function recordingConvert(folder: string, options: ConvertCommandOptions): Promise<number> {
  const { to, out, rate: sampleRate } = options;
  const paths = await about(({ convertRecording }) => convertRecording(folder, { to, out, sampleRate }));
  STDOUT.print(paths.join("\n"));
  return STATUS.ended;
}
