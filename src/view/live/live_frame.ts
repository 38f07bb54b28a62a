/** The newest frame of a stream, as a dashboard sends it. */

/** A line or a picture of a frame. */
export interface LivePart {
  /** The column, channel or lane; empty if there is one only. */
  readonly name: string;
  /** A line, a grey picture, or one of red, green, blue and perhaps alpha. */
  readonly kind: "line" | "picture" | "colours";
  /** What its numbers are in, as the stream's description says; empty if it does not. */
  readonly unit: string;
  /** What it is in the frame: the length of a line; rows, columns and channels of a picture. */
  readonly shape: readonly number[];
  /** Points in a row of `data`. */
  readonly width: number;
  /** Rows of `data`. */
  readonly height: number;
  /** Bytes of a point of a picture. */
  readonly channels?: number;
  /** The smallest and the largest number, counted from `base`; `null` if there is no finite one. */
  readonly range: readonly [number, number] | null;
  /** An integer of 64 bits as a text, so that it is not rounded; "0" for numbers of other types. */
  readonly base: string;
  /** The same as texts. Integers of 64 bits are exact, or have "≈" before them: more than 2^53 from `base` they are rounded. */
  readonly texts: readonly [string, string] | null;
  /** How many of the numbers that were looked at are not finite. */
  readonly missing: number;
  /**
   * In Base64: of a line, the smallest and the largest level of each point as uint16, from 0 to 65,534 over its range; of a
   * grey picture, a level from 0 to 254 for each point; of colours, a byte for each channel. The level above the highest
   * stands for what is no finite number.
   */
  readonly data: string;
}

/** The newest frame of a stream. */
export interface LiveFrame {
  /** The id of the stream's node in the drawing. */
  readonly node: string;
  /** How many frames were published so far, this one among them: 0 if there is none yet. */
  readonly frames: number;
  /** Whether the stream has ended: no other frame follows. */
  readonly isFinal: boolean;
  /** The type and shape of a frame, for people. */
  readonly type: string;
  /** What is said about the stream; empty if nothing is. */
  readonly description: string;
  /** What it looks like. */
  readonly parts: readonly LivePart[];
  /** How many columns are left out. */
  readonly leftOut: number;
}
