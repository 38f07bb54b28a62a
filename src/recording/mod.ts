/**
 * Records streams of a pipeline to the disk, reads recordings, and replays them.
 *
 * @module
 */

import "../supported_runtime.ts";

export { record, type RecordOptions } from "./record.ts";
export { recordDeadLetters, type RecordDeadLettersOptions } from "./record_dead_letters.ts";
export { replay, type ReplayOptions } from "./replay.ts";
export { openRecording, Recording } from "./open_recording.ts";
export { type RecordedData, type RecordedFrame, type RecordedPart, RecordedStream } from "./recorded_stream.ts";
export type { RecordedPlace } from "./recorded_place.ts";
export { type RepairedFile, repairRecording } from "./repair_recording.ts";
export { type ConvertOptions, convertRecording } from "./convert_recording.ts";
