import { lacks } from "../_programs.ts";
import { equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { decode } from "fast-png";
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

async function assertRefuses(wav: Uint8Array, reason: RegExp): Promise<void> {
  const { status, output, errors, path, picture } = await analyse(wav);
  equal(status, 1);
  equal(output, "");
  ok(errors.startsWith(`Cannot read ${path}: `), errors);
  match(errors, reason);
  equal(errors.trimEnd().split("\n").length, 1);
  equal(picture, null);
}

for (const format of Object.keys(FORMATS)) {
  Deno.test(`The spectrogram example finds a tone in mono of the format ${format}`, async () => {
    await assertFindsTone(toneWav(format, [1000]));
  });
}

Deno.test("The spectrogram example mixes two channels to one", async () => {
  const { output } = await assertFindsTone(toneWav("24", [1000, 1000]));
  match(output, /24-bit PCM, 22050 Hz, 2 channels mixed to one, 0\.50 s/);
});

Deno.test("The spectrogram example hears both channels", async () => {
  const { output } = await analyse(toneWav("16", [2000, 3000]));
  match(output, /Strongest frequency: (2000|3000)\.0 Hz, -12\.[01] dB/);
});

Deno.test("The spectrogram example reads the extensible format", async () => {
  for (const code of ["16", "32f"]) {
    const chunks = chunksOf(toneWav(code, [1000])).map((chunk) => chunk.id === "fmt " ? extensible(chunk) : chunk);
    await assertFindsTone(wavOf(chunks));
  }
});

Deno.test("The spectrogram example passes over chunks that it does not know, of odd lengths and after the samples", async () => {
  const list = { id: "LIST", body: new Uint8Array(7) };
  await assertFindsTone(
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
    await assertFindsTone(withLengths(toneWav("16", [1000]), riff, data));
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
  await assertFindsTone(new Uint8Array([...wav.subarray(0, 27), ...wav.subarray(28)]));
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

for (const [format, bytes] of [["8", 1], ["16", 2], ["24", 3], ["32f", 4], ["64", 8]] as const) {
  Deno.test(`The spectrogram example finds no frequency where all samples are the same, in the format ${format}`, async () => {
    for (const share of [1, 0.01]) {
      const { status, output, errors } = await analyse(withSamples(toneWav(format, [1000]), (body) => {
        const sample = body.subarray(5 * bytes, 6 * bytes);
        const count = Math.floor(body.length / bytes * share);
        return Uint8Array.from({ length: count * bytes }, (_, at) => sample[at % bytes]);
      }));
      equal(errors, "");
      match(output, /Strongest frequency: none, the recording is silent/);
      equal(status, 0);
    }
  });
}

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
  for (const args of [[], ["--help"], ["one", "two", "three"], ["tone.wav", "tone.png"]]) {
    const { status, output, errors } = await runExample("spectrogram.ts", ...args);
    equal(status, 2);
    equal(output, "");
    match(errors, /Usage: .*spectrogram\.ts FILE\.wav \[PICTURE\.svg\]\n$/);
  }
});
