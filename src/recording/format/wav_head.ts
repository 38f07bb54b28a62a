/** The head of a WAV file: RIFF, by Multimedia Programming Interface and Data Specifications 1.0. */

import { type DType, DTYPES } from "../../ring/dtypes.ts";

const HEAD_BYTES = 44;
const PCM = 1;
const IEEE_FLOAT = 3;
const MOST_BYTES = 2 ** 32 - 1;

/** WAV's own number for the kind of samples, of those types that it has. */
const KINDS: Partial<Record<DType, number>> = {
  uint8: PCM,
  int16: PCM,
  int32: PCM,
  float32: IEEE_FLOAT,
  float64: IEEE_FLOAT,
};

/** What is written. */
interface Samples {
  readonly shape: readonly number[];
  readonly dtype: DType | Readonly<Record<string, DType>>;
  readonly frames: number;
}

/** The head of a file of frames, or a reason why there is none. */
export function wavHead({ shape, dtype, frames }: Samples, sampleRate: number): Uint8Array<ArrayBuffer> | string {
  const kind = typeof dtype === "string" ? KINDS[dtype] : undefined;
  if (typeof dtype !== "string" || kind === undefined) {
    return `its dtype must be one of ${Object.keys(KINDS).join(", ")}, received ${Deno.inspect(dtype)}`;
  }
  if (shape.length > 2) return `its shape must be samples, or samples by channels, received [${shape.join(", ")}]`;
  const size = DTYPES[dtype].array.BYTES_PER_ELEMENT;
  const channels = shape[1] ?? 1;
  const bytes = frames * shape[0] * channels * size;
  if (bytes + HEAD_BYTES > MOST_BYTES || channels > 65_535) {
    return `it has ${bytes} bytes of ${channels} channels, too many`;
  }
  const head = new DataView(new ArrayBuffer(HEAD_BYTES));
  const tag = (at: number, text: string) =>
    [...text].forEach((one, index) => head.setUint8(at + index, one.charCodeAt(0)));
  tag(0, "RIFF");
  head.setUint32(4, bytes + HEAD_BYTES - 8, true);
  tag(8, "WAVEfmt ");
  head.setUint32(16, 16, true);
  head.setUint16(20, kind, true);
  head.setUint16(22, channels, true);
  head.setUint32(24, sampleRate, true);
  head.setUint32(28, sampleRate * channels * size, true);
  head.setUint16(32, channels * size, true);
  head.setUint16(34, 8 * size, true);
  tag(36, "data");
  head.setUint32(40, bytes, true);
  return new Uint8Array(head.buffer);
}
