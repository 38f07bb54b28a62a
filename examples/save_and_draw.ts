/**
 * Saves a pipeline as a TOML file, reconstructs it, draws it, and runs it.
 *
 *     deno run -A examples/save_and_draw.ts [FOLDER]
 *
 * `tones.toml` and `tones.svg` are written to the folder, which is `examples/out` if left out.
 */

import { Pipeline, type Reader, type TaskContext, type Writer } from "@ringmill/ringmill";
import { describePipeline, drawSvg, drawText } from "@ringmill/ringmill/view";
import { join } from "node:path";
import { programArguments, runProgram } from "./shared/program.ts";

const USAGE = "Usage: deno run -A examples/save_and_draw.ts [FOLDER]";

export function tone({ tones }: { tones: Writer<"float32"> }, { params }: TaskContext<{ amplitudes: Float32Array }>) {
  const frame = tones.frame();
  for (const amplitude of params.amplitudes) {
    for (let n = 0; n < frame.length; n++) frame[n] = amplitude * Math.sin((2 * Math.PI * n) / frame.length);
    tones.write(frame);
  }
}

export function measure({ tones, levels }: { tones: Reader<"float32">; levels: Writer<"float32"> }) {
  for (const frame of tones) levels.write(Float32Array.of(Math.hypot(...frame) / Math.sqrt(frame.length)));
}

export function print({ levels }: { levels: Reader<"float32"> }, { name }: TaskContext) {
  for (const [level] of levels) console.log(`${name}: ${level.toFixed(3)}`);
}

function declare(): Pipeline {
  const pipe = new Pipeline("tones", import.meta);
  const tones = pipe.addStream("tones", { shape: [64], dtype: "float32", description: "One period each" });
  const levels = pipe.addStream("levels", { shape: [1], dtype: "float32", frames: 8 });
  pipe.addTask("tone", { fn: tone, writes: { tones }, params: { amplitudes: Float32Array.of(1, 0.5, 0.25) } });
  pipe.addTask("measure", { fn: measure, reads: { tones }, writes: { levels } });
  pipe.addTask("level", { fn: print, reads: { levels } });
  return pipe;
}

async function main(): Promise<void> {
  const [folder = join(import.meta.dirname!, "out")] = programArguments(USAGE, 0, 1);
  const file = join(folder, "tones.toml");
  const picture = join(folder, "tones.svg");
  await declare().save(file);

  // The file may name modules of its own folder. This one is elsewhere.
  await using pipe = await Pipeline.reconstruct(file, { allowModules: [import.meta] });
  const description = describePipeline(pipe);
  console.log(await drawText(description));
  await Deno.writeTextFile(picture, await drawSvg(description));
  await pipe.run();
  console.log(`Saved: ${file}\nDrawn: ${picture}`);
}

if (import.meta.main) await runProgram(main);
