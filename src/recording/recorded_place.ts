/** Places in a recorded stream. */

export type { RecordedPlace } from "./format/stored_frames.ts";
