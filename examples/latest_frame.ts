/**
 * A reader that only wants the latest frame, like a display that is slower than its camera: `images.latest`. It does not
 * hold the writer back, and leaves out what it has no time for.
 *
 *     deno run -A examples/latest_frame.ts
 */

import { Pipeline, type Reader, type TaskContext, type Writer } from "@ringmill/ringmill";

const FRAMES = 500;

/** Takes a picture every millisecond, whether or not anybody looks. */
export function camera({ images }: { images: Writer<"float32"> }, context: TaskContext) {
  const image = images.frame();
  for (let n = 1; n <= FRAMES; n++) {
    images.write(image.fill(n));
    context.sleep(1);
  }
}

/** Needs 20 milliseconds for a picture. */
export function display({ images }: { images: Reader<"float32"> }, context: TaskContext) {
  let shown = 0;
  let latest = 0;
  for (const image of images) {
    shown++;
    latest = image[0];
    context.sleep(20);
  }
  console.log(`${shown} images shown, ${images.lost} left out, the latest is ${latest} of ${FRAMES}`);
}

if (import.meta.main) {
  await using pipe = new Pipeline("latest-frame", import.meta);
  const images = pipe.addStream("images", { shape: [64, 64], dtype: "float32", frames: 4 });
  pipe.addTask("camera", { fn: camera, writes: { images } });
  pipe.addTask("display", { fn: display, reads: { images: images.latest } });
  await pipe.run();
}
