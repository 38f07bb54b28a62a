/**
 * Sound from standard input through a filter to standard output: 16-bit samples, two channels, as `ffmpeg`, `sox` and
 * `arecord` write them.
 *
 *     arecord -f cd -t raw | deno run examples/pcm.ts 0.5 | aplay -f cd -t raw
 *     ffmpeg -i song.mp3 -f s16le -ac 2 - | deno run examples/pcm.ts 0.5 > quiet.pcm
 *
 * Without anything on standard input, a child process makes the sound.
 */

import { Pipeline, type Reader, type TaskContext, type Writer } from "@ringmill/ringmill";

/** Samples of two channels in a frame: some 12 ms at 44.1 kHz. */
const SHAPE = [512, 2] as const;

/** Makes the sound louder or quieter. */
export function amplify(
  { sound, result }: { sound: Reader<"int16">; result: Writer<"int16"> },
  { params }: TaskContext<{ gain: number }>,
): void {
  const out = result.frame();
  for (const samples of sound) {
    for (let n = 0; n < samples.length; n++) {
      out[n] = Math.max(-32_768, Math.min(32_767, Math.round(samples[n] * params.gain)));
    }
    result.write(out);
  }
}

/** A second of a tone, as a program like `ffmpeg` would write it. */
const TONE = `
  const samples = Int16Array.from({ length: 44_100 * 2 }, (_, n) => 8000 * Math.sin(2 * Math.PI * 440 * (n >> 1) / 44_100));
  await new Blob([samples]).stream().pipeTo(Deno.stdout.writable);
`;

/** The sound: standard input, or that of a child process. */
function source(): ReadableStream<Uint8Array> {
  if (!Deno.stdin.isTerminal() && !Deno.args.includes("--tone")) return Deno.stdin.readable;
  return new Deno.Command(Deno.execPath(), { args: ["eval", TONE], stdout: "piped" }).spawn().stdout;
}

if (import.meta.main) {
  await using pipe = new Pipeline("pcm", import.meta);
  const sound = pipe.addStream("sound", { shape: SHAPE, dtype: "int16" });
  const result = pipe.addStream("result", { shape: SHAPE, dtype: "int16" });
  pipe.addTask("amplify", {
    fn: amplify,
    reads: { sound },
    writes: { result },
    params: { gain: Number(Deno.args[0] ?? 1) },
  });
  const input = pipe.openWriter(sound);
  const output = pipe.openReader(result);
  await pipe.start();
  await Promise.all([
    // The last frame is filled up with silence.
    source().pipeTo(input.writable({ bytes: true, partial: "pad" })),
    output.readable({ bytes: true }).pipeTo(Deno.stdout.writable),
  ]);
  await pipe.join();
}
