/**
 * A line of three machines: one makes a frame, one doubles it, one prints it. Each runs in a worker of its own.
 *
 *     deno run -A examples/line.ts
 */

import { Pipeline, type Reader, type Writer } from "@ringmill/ringmill";

export function source({ samples }: { samples: Writer<"float32"> }) {
  samples.write(Float32Array.from({ length: 8 }, (_, i) => i));
}

export function scale({ samples, doubled }: { samples: Reader<"float32">; doubled: Writer<"float32"> }) {
  for (const frame of samples) doubled.write(frame.map((x) => 2 * x));
}

export function sink({ doubled }: { doubled: Reader<"float32"> }) {
  for (const frame of doubled) console.log(frame);
}

// Each worker imports this module too, and must not start a pipeline then.
if (import.meta.main) {
  await using pipe = new Pipeline("line", import.meta);
  const samples = pipe.addStream("samples", { shape: [8], dtype: "float32" });
  const doubled = pipe.addStream("doubled", { shape: [8], dtype: "float32" });
  pipe.addTask("source", { fn: source, writes: { samples } });
  pipe.addTask("scale", { fn: scale, reads: { samples }, writes: { doubled } });
  pipe.addTask("sink", { fn: sink, reads: { doubled } });
  await pipe.run();
}
