/** WAV files to try the spectrogram example with. The package `wavefile` writes them, so that nobody checks himself. */

import wavefile from "wavefile";

export const SAMPLE_RATE = 22050;
const SECONDS = 0.5;

/** How a sample from -1 to 1 is written in each format, by the names of the package. */
export const FORMATS: Record<string, (sample: number) => number> = {
  "8": (sample) => Math.round(127 * sample) + 128,
  "16": (sample) => Math.round(sample * (2 ** 15 - 1)),
  "24": (sample) => Math.round(sample * (2 ** 23 - 1)),
  "32": (sample) => Math.round(sample * (2 ** 31 - 1)),
  "32f": (sample) => sample,
  "64": (sample) => sample,
};

/** A tone of half the full scale in each channel. */
export function toneWav(format: string, frequencies: readonly number[]): Uint8Array<ArrayBuffer> {
  const encode = FORMATS[format];
  const samples = frequencies.map((frequency) =>
    Array.from(
      { length: SAMPLE_RATE * SECONDS },
      (_, n) => encode(0.5 * Math.sin((2 * Math.PI * frequency * n) / SAMPLE_RATE)),
    )
  );
  const file = new wavefile.WaveFile();
  file.fromScratch(frequencies.length, SAMPLE_RATE, format, frequencies.length === 1 ? samples[0] : samples);
  return new Uint8Array(file.toBuffer());
}

/** A chunk of a WAV file, with the byte that fills up an odd length. */
export interface Chunk {
  readonly id: string;
  readonly body: Uint8Array;
}

/** The chunks of a file. */
export function chunksOf(wav: Uint8Array): Chunk[] {
  const view = new DataView(wav.buffer, wav.byteOffset, wav.length);
  const chunks: Chunk[] = [];
  for (let start = 12; start + 8 <= wav.length;) {
    const id = new TextDecoder().decode(wav.subarray(start, start + 4));
    const length = view.getUint32(start + 4, true);
    chunks.push({ id, body: wav.subarray(start + 8, start + 8 + length) });
    start += 8 + length + length % 2;
  }
  return chunks;
}

/** A file of chunks. */
export function wavOf(chunks: readonly Chunk[]): Uint8Array<ArrayBuffer> {
  const parts = chunks.flatMap((
    { id, body },
  ) => [text(id), number(body.length), body, new Uint8Array(body.length % 2)]);
  const content = concat([text("WAVE"), ...parts]);
  return concat([text("RIFF"), number(content.length), content]);
}

/** The same format chunk in the extensible form. */
export function extensible({ id, body }: Chunk): Chunk {
  const code = body.subarray(0, 2);
  const bits = body.subarray(14, 16);
  const identifier = Uint8Array.of(0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71);
  const size = Uint8Array.of(22, 0);
  const speakers = number(0);
  return {
    id,
    body: concat([Uint8Array.of(0xfe, 0xff), body.subarray(2, 16), size, bits, speakers, code, identifier]),
  };
}

function text(characters: string): Uint8Array {
  return new TextEncoder().encode(characters);
}

function number(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}
