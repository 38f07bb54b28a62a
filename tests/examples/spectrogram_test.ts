import { lacks } from "../_programs.ts";
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { decode } from "fast-png";
import { readOffset, readWavHeader, type Wav, WavSamples } from "../../examples/spectrogram/wav.ts";
import { type Outcome, runExample, temporaryFolder } from "./_run.ts";
import { chunksOf, extensible, FORMATS, SAMPLE_RATE, toneWav, wavOf } from "./_wav.ts";

/** Writes a WAV file, runs the example on it, and returns what became of it and the picture, if there is one. */
async function analyse(wav: Uint8Array): Promise<Outcome & { path: string; picture: string | null }> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "tone.wav");
  const picture = join(folder.path, "tone.svg");
  await Deno.writeFile(path, wav);
  const outcome = await runExample("spectrogram.ts", path, picture);
  return { ...outcome, path, picture: await Deno.readTextFile(picture).catch(() => null) };
}

/** The frequency at which the picture is brightest, in the middle of the time. */
function brightestFrequency(picture: string): number {
  const [, base64] = picture.match(/data:image\/png;base64,([^"]+)"/)!;
  const { width, height, data } = decode(Uint8Array.fromBase64(base64));
  const brightness = Array.from({ length: height }, (_, y) => {
    const [red, green, blue] = data.subarray(3 * (y * width + (width >> 1)));
    return red + green + blue;
  });
  const most = Math.max(...brightness);
  const middle = (brightness.indexOf(most) + brightness.lastIndexOf(most) + 1) / 2;
  return (1 - middle / height) * SAMPLE_RATE / 2;
}

/** Checks that the example has found a tone of 1 kHz and drawn it in its place. */
async function assertFindsTone(wav: Uint8Array): Promise<Outcome> {
  const { picture, ...outcome } = await analyse(wav);
  equal(outcome.errors, "");
  equal(outcome.status, 0);
  match(outcome.output, /Strongest frequency: 1000\.0 Hz, -6\.[01] dB/);
  const frequency = brightestFrequency(picture!);
  // A bin is 21.5 Hz wide.
  ok(Math.abs(frequency - 1000) < 22, `brightest at ${frequency} Hz`);
  match(picture!, /time \(s\)/);
  match(picture!, /frequency \(Hz\)/);
  match(picture!, /level \(dB\)/);
  return outcome;
}

/** Has the example's reader read a file. */
async function reading<Result>(wav: Uint8Array, read: (path: string) => Result): Promise<Result> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "tone.wav");
  await Deno.writeFile(path, wav);
  return read(path);
}

/** All samples, less their mean if it is asked for, and what the header says. */
function read(wav: Uint8Array, withoutOffset = false): Promise<{ header: Wav; samples: Float64Array }> {
  return reading(wav, (path) => {
    const header = readWavHeader(path);
    using source = new WavSamples(header, withoutOffset ? readOffset(header) : 0);
    const samples = new Float64Array(header.length);
    source.readInto(samples);
    return { header, samples };
  });
}

/** Checks that the example reads a tone of 1 kHz, and nothing else, as exactly as 8 bits are. */
async function assertReadsTone(wav: Uint8Array): Promise<void> {
  const { header, samples } = await read(wav);
  deepEqual([header.sampleRate, header.length], [SAMPLE_RATE, SAMPLE_RATE / 2]);
  for (const [n, sample] of samples.entries()) {
    const expected = 0.5 * Math.sin(2 * Math.PI * 1000 * n / SAMPLE_RATE);
    ok(Math.abs(sample - expected) < 0.01, `${sample} at ${n}, expected ${expected}`);
  }
}

async function assertRefuses(wav: Uint8Array, reason: RegExp): Promise<void> {
  await reading(wav, (path) =>
    throws(() => readWavHeader(path), (error) => {
      const { name, message } = error as Error;
      ok(message.startsWith(`Cannot read ${path}: `), message);
      match(message, reason);
      deepEqual([name, message.split("\n").length], ["UserError", 1]);
      return true;
    }));
}

for (const format of Object.keys(FORMATS)) {
  Deno.test(`The spectrogram example reads a tone in mono of the format ${format}`, async () => {
    await assertReadsTone(toneWav(format, [1000]));
  });
}

Deno.test("The spectrogram example finds a tone and draws it", async () => {
  await assertFindsTone(toneWav("16", [1000]));
});

Deno.test("The spectrogram example mixes two channels to one", async () => {
  const { output } = await assertFindsTone(toneWav("24", [1000, 1000]));
  match(output, /24-bit PCM, 22050 Hz, 2 channels mixed to one, 0\.50 s/);
});

Deno.test("The spectrogram example hears both channels", async () => {
  const { samples } = await read(toneWav("16", [2000, 3000]));
  const tone = (frequency: number, n: number) => 0.5 * Math.sin(2 * Math.PI * frequency * n / SAMPLE_RATE);
  for (const [n, sample] of samples.entries()) ok(Math.abs(sample - (tone(2000, n) + tone(3000, n)) / 2) < 1e-4);
});

Deno.test("The spectrogram example reads the extensible format", async () => {
  for (const code of ["16", "32f"]) {
    const chunks = chunksOf(toneWav(code, [1000])).map((chunk) => chunk.id === "fmt " ? extensible(chunk) : chunk);
    await assertReadsTone(wavOf(chunks));
  }
});

Deno.test("The spectrogram example passes over chunks that it does not know, of odd lengths and after the samples", async () => {
  const list = { id: "LIST", body: new Uint8Array(7) };
  await assertReadsTone(
    wavOf([list, ...chunksOf(toneWav("16", [1000])), list, { id: "junk", body: new Uint8Array(3) }]),
  );
});

/** Sets the lengths that the file and its samples say they have. */
function withLengths(wav: Uint8Array<ArrayBuffer>, riff: number, data: number): Uint8Array<ArrayBuffer> {
  const { body } = chunksOf(wav).find(({ id }) => id === "data")!;
  const view = new DataView(wav.buffer);
  view.setUint32(4, riff, true);
  view.setUint32(body.byteOffset - 4, data, true);
  return wav;
}

/** What programs put there that write into a pipe. */
const OPEN: readonly (readonly [program: string, riff: number, data: number])[] = [
  ["ffmpeg", 0xffffffff, 0xffffffff],
  ["sox", 0x7ffff024, 0x7ffff000],
  ["arecord", 0x80000024, 0x80000000],
  ["GStreamer", 36, 0],
  ["something that leaves zeros", 0, 0],
  ["something that keeps room for the header", 0xffffffff, 0xffffffdb],
];

for (const [program, riff, data] of OPEN) {
  Deno.test(`The spectrogram example reads what ${program} writes into a pipe, without a length`, async () => {
    await assertReadsTone(withLengths(toneWav("16", [1000]), riff, data));
  });
}

Deno.test({
  name: "The spectrogram example reads what sox itself writes into a pipe",
  ignore: lacks("sox") || lacks("sh"),
  async fn() {
    const args = ["-n", "-r", "22050", "-b", "16", "-t", "wav", "-", "synth", "0.5", "sine", "1000", "vol", "0.5"];
    const sox = new Deno.Command("sh", { args: ["-c", `sox ${args.join(" ")} | cat`], stderr: "null" });
    await assertFindsTone(new Uint8Array((await sox.output()).stdout));
  },
});

Deno.test("The spectrogram example refuses a header that contradicts itself", async () => {
  const change = (format: string, frequencies: number[], edit: (fields: DataView) => void) => {
    const wav = toneWav(format, frequencies);
    const { body } = chunksOf(wav).find(({ id }) => id === "fmt ")!;
    edit(new DataView(wav.buffer, body.byteOffset, body.length));
    return wav;
  };
  const cases: readonly (readonly [Uint8Array<ArrayBuffer>, RegExp])[] = [
    [change("16", [1000], (fields) => fields.setUint16(2, 2, true)), /2 channels of 16 bits in blocks of 2 bytes$/m],
    [change("32", [1000], (fields) => fields.setUint16(14, 24, true)), /1 channels of 24 bits in blocks of 4 bytes$/m],
    [change("16", [1000], (fields) => fields.setUint16(12, 4, true)), /in blocks of 4 bytes$/m],
    [change("16", [1000], (fields) => fields.setUint32(8, 7, true)), /7 bytes a second in 22050 blocks of 2 bytes$/m],
  ];
  for (const [wav, reason] of cases) await assertRefuses(wav, reason);
});

Deno.test("The spectrogram example passes over a chunk of odd length that is not filled up", async () => {
  const wav = wavOf([{ id: "LIST", body: new Uint8Array(7).fill(65) }, ...chunksOf(toneWav("16", [1000]))]);
  await assertReadsTone(new Uint8Array([...wav.subarray(0, 27), ...wav.subarray(28)]));
});

Deno.test("The spectrogram example draws a recording that is shorter than a stretch", async () => {
  const chunks = chunksOf(toneWav("16", [1000]));
  const { status, output, picture } = await analyse(wavOf(chunks.map(({ id, body }) => {
    return { id, body: id === "data" ? body.subarray(0, 2) : body };
  })));
  equal(status, 0);
  match(output, /1 channel, 0\.00 s/);
  ok(picture);
});

Deno.test("The spectrogram example says that silence is silent", async () => {
  const { status, output, picture } = await analyse(toneWav("16", [0]));
  equal(status, 0);
  match(output, /Strongest frequency: none, the recording is silent/);
  ok(picture);
});

/** The same recording with other bytes as samples. */
function withSamples(wav: Uint8Array, change: (body: Uint8Array) => Uint8Array): Uint8Array<ArrayBuffer> {
  return wavOf(chunksOf(wav).map(({ id, body }) => ({ id, body: id === "data" ? change(body) : body })));
}

/** A part of a recording whose samples are all the same. */
function sameSamples(format: string, bytes: number, share: number): Uint8Array {
  return withSamples(toneWav(format, [1000]), (body) => {
    const sample = body.subarray(5 * bytes, 6 * bytes);
    const count = Math.floor(body.length / bytes * share);
    return Uint8Array.from({ length: count * bytes }, (_, at) => sample[at % bytes]);
  });
}

for (const [format, bytes] of [["8", 1], ["16", 2], ["24", 3], ["32f", 4], ["64", 8]] as const) {
  Deno.test(`The spectrogram example takes samples that are all the same for no sound, in the format ${format}`, async () => {
    for (const share of [1, 0.01]) {
      const { samples } = await read(sameSamples(format, bytes, share), true);
      ok(samples.every((sample) => sample === 0));
    }
  });
}

Deno.test("The spectrogram example finds no frequency where all samples are the same", async () => {
  const { status, output, errors } = await analyse(sameSamples("8", 1, 1));
  equal(errors, "");
  match(output, /Strongest frequency: none, the recording is silent/);
  equal(status, 0);
});

Deno.test("The spectrogram example finds a quiet tone beside a large offset of all samples", async () => {
  const { output } = await analyse(withSamples(toneWav("16", [1000]), (body) => {
    const samples = new Int16Array(body.slice().buffer);
    return new Uint8Array(samples.map((sample) => 16000 + Math.round(sample / 100)).buffer);
  }));
  match(output, /Strongest frequency: 1000\.\d Hz, -46\.\d dB/);
});

Deno.test("The spectrogram example refuses an empty file", async () => {
  await assertRefuses(new Uint8Array(), /: it is empty$/m);
});

Deno.test("The spectrogram example refuses a file that is not a WAV", async () => {
  await assertRefuses(
    new TextEncoder().encode("Dear diary, today I have not recorded anything"),
    /it is not a WAV file$/m,
  );
});

Deno.test("The spectrogram example refuses a truncated WAV", async () => {
  const wav = toneWav("16", [1000]);
  await assertRefuses(wav.subarray(0, wav.length - 100), /it is truncated: it has 21950 of 22050 bytes of samples$/m);
  await assertRefuses(wav.subarray(0, 30), /it is truncated: it ends before its samples$/m);
});

Deno.test("The spectrogram example refuses a WAV without samples", async () => {
  const format = chunksOf(toneWav("16", [1000])).find(({ id }) => id === "fmt ")!;
  const data = { id: "data", body: new Uint8Array() };
  await assertRefuses(wavOf([format, data]), /it has no samples$/m);
  await assertRefuses(wavOf([data, format]), /its samples come without a format$/m);
});

Deno.test("The spectrogram example refuses samples that are compressed", async () => {
  const [format, ...others] = chunksOf(toneWav("8", [1000]));
  format.body[0] = 7;
  await assertRefuses(
    wavOf([format, ...others]),
    /its samples have the format 7 with 8 bits, and supported are 8-bit PCM/,
  );
});

Deno.test("The spectrogram example refuses other kinds of files, and other formats of samples", async () => {
  const wav = toneWav("16", [1000]);
  for (const kind of ["RF64", "RIFX", "BW64", "FFIR"]) {
    const other = wav.slice();
    other.set(new TextEncoder().encode(kind));
    await assertRefuses(other, new RegExp(`it is a WAV file of the kind ${kind}, and only RIFF is supported$`));
  }
  await assertRefuses(wav.slice().fill(27, 0, 4), /it is not a WAV file$/);
  for (const [code, bits] of [[6, 8], [7, 8], [2, 4], [0x55, 16], [1, 0], [1, 40], [3, 16], [0xfffe, 16]]) {
    const other = wav.slice();
    const { body } = chunksOf(other).find(({ id }) => id === "fmt ")!;
    const fields = new DataView(other.buffer, body.byteOffset, body.length);
    fields.setUint16(0, code, true);
    fields.setUint16(14, bits, true);
    await assertRefuses(other, new RegExp(`its samples have the format ${code} with ${bits} bits, and supported are`));
  }
});

Deno.test("The spectrogram example tells in one line what it refuses, and draws nothing", async () => {
  const wav = toneWav("16", [1000]);
  const { status, output, errors, path, picture } = await analyse(wav.subarray(0, wav.length - 100));
  equal(errors, `Cannot read ${path}: it is truncated: it has 21950 of 22050 bytes of samples\n`);
  deepEqual([status, output, picture], [1, "", null]);
});

Deno.test("The spectrogram example refuses a file that is missing", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "missing.wav");
  const { status, output, errors } = await runExample("spectrogram.ts", path);
  equal(status, 1);
  equal(output, "");
  equal(errors, `Cannot read ${path}: there is no such file\n`);
});

Deno.test("The spectrogram example names the picture after the recording", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeFile(join(folder.path, "Tone.WAV"), toneWav("16", [1000]));
  const { status } = await runExample("spectrogram.ts", join(folder.path, "Tone.WAV"));
  equal(status, 0);
  ok((await Deno.stat(join(folder.path, "Tone.spectrogram.svg"))).isFile);
});

Deno.test("The spectrogram example explains itself when called in the wrong way", async () => {
  for (const args of [["--help"], ["one", "two", "three"], ["tone.wav", "tone.png"]]) {
    const { status, output, errors } = await runExample("spectrogram.ts", ...args);
    equal(status, 2);
    equal(output, "");
    match(errors, /Usage: .*spectrogram\.ts FILE\.wav \[PICTURE\.svg\]\n$/);
  }
});

Deno.test("The spectrogram example reads a header that was broken at random, or refuses it in one line", async () => {
  const whole = toneWav("24", [1000, 2000]).subarray(0, 4000);
  const kinds = chunksOf(whole).map((chunk) => chunk.id === "fmt " ? extensible(chunk) : chunk);
  const wavs = [whole, wavOf(kinds), toneWav("8", [1000]).subarray(0, 999)];
  await using folder = await temporaryFolder();
  const path = join(folder.path, "f.wav");
  const byte = fc.oneof(fc.constantFrom(0, 1, 2, 127, 128, 254, 255), fc.nat(255));
  const change = fc.tuple(fc.nat(71), byte);
  const property = fc.property(
    fc.constantFrom(...wavs),
    fc.array(change, { minLength: 1, maxLength: 6 }),
    (wav, all) => {
      const broken = wav.slice();
      for (const [at, value] of all) broken[at] = value;
      Deno.writeFileSync(path, broken);
      try {
        using samples = new WavSamples(readWavHeader(path));
        const block = new Float64Array(64);
        samples.readInto(block);
        ok(block.every(Number.isFinite));
      } catch (error) {
        deepEqual([(error as Error).name, (error as Error).message.split("\n").length], ["UserError", 1]);
      }
    },
  );
  fc.assert(property, { numRuns: Number(Deno.env.get("FC_RUNS") ?? 500) });
});
