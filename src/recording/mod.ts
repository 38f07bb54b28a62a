/**
 * Records streams of a pipeline to the disk, reads recordings, and replays them.
 *
 * @module
 */

export { record, type RecordOptions } from "./record.ts";
export { openRecording, Recording } from "./open_recording.ts";
export { type RecordedData, type RecordedFrame, type RecordedPlace, RecordedStream } from "./recorded_stream.ts";
