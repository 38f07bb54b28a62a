/**
 * A level meter, for the command line: the module's default export makes the pipeline, and `levels.toml` is the same one,
 * saved. Other numbers in the file make another tone, without a change of this program.
 *
 *     deno task ringmill run examples/levels.ts
 *     deno task ringmill run examples/levels.toml
 *     deno run -A examples/levels.ts            saves the file
 */

import { Pipeline, type Reader, type TaskContext, type Writer } from "@ringmill/ringmill";

const RATE = 48_000;
const BLOCK = 480;

interface Tone {
  pitch: number;
  seconds: number;
}

/** A tone that swells and fades once a second, a block every ten milliseconds. */
export function microphone({ sound }: { sound: Writer<"float32"> }, context: TaskContext<Tone>) {
  const { pitch, seconds } = context.params;
  const block = sound.frame();
  const start = performance.now();
  for (let n = 0; n < seconds * RATE; n += BLOCK) {
    for (let i = 0; i < BLOCK; i++) {
      const time = (n + i) / RATE;
      block[i] = Math.sin(Math.PI * time) ** 2 * Math.sin(2 * Math.PI * pitch * time);
    }
    sound.write(block);
    context.sleep(Math.max(0, start + 1000 * n / RATE - performance.now()));
  }
}

/** The root mean square of each block. */
export function measure({ sound, levels }: { sound: Reader<"float32">; levels: Writer<"float32"> }) {
  for (const block of sound) levels.write(Float32Array.of(Math.hypot(...block) / Math.sqrt(BLOCK)));
}

/** A line for every tenth of a second. */
export function print({ levels }: { levels: Reader<"float32"> }) {
  let count = 0;
  for (const [level] of levels) {
    if (count++ % 10 === 0) console.log("▮".repeat(Math.round(40 * level)));
  }
}

export default function levels(): Pipeline {
  const pipe = new Pipeline("levels", import.meta);
  const sound = pipe.addStream("sound", { shape: [BLOCK], dtype: "float32", description: "10 ms at 48 kHz" });
  const levels = pipe.addStream("levels", { shape: [1], dtype: "float32" });
  pipe.addTask("microphone", { fn: microphone, writes: { sound }, params: { pitch: 400, seconds: 2 } });
  pipe.addTask("measure", { fn: measure, reads: { sound }, writes: { levels } });
  pipe.addTask("print", { fn: print, reads: { levels } });
  return pipe;
}

if (import.meta.main) await levels().save(new URL("./levels.toml", import.meta.url));
