/**
 * `deno task leaks [pipelines]`: builds, runs and closes pipelines, 500 if not told otherwise, and looks whether threads,
 * file handles or resident memory grow.
 */

import { Pipeline, TaskError } from "@ringmill/ringmill";
import { findGrowth, type Footprint, footprint, settledFootprint } from "./_footprint.ts";
import { drain, fill } from "./_leak_tasks.ts";

/** Bytes of a pipeline's ring, all of which it touches. */
const RING_BYTES = 2 ** 22;
const FRAME_BYTES = 2 ** 16;
/** The ways to end. From one look to the next there is a pipeline of each. */
const LIVES = ["ends", "fails", "is stopped", "is closed", "is never started", "is never compiled"] as const;

type Life = (typeof LIVES)[number];

/** Builds a pipeline that ends in its own way, and takes it there. */
async function live(life: Life): Promise<void> {
  const pipe = new Pipeline(life, new URL("./_leak_tasks.ts", import.meta.url), { graceMs: 30_000 });
  const frames = RING_BYTES / FRAME_BYTES;
  const bytes = pipe.addStream("bytes", { shape: [FRAME_BYTES], dtype: "uint8", frames });
  const go = pipe.addEvent("go");
  const isEndless = life === "is stopped" || life === "is closed";
  const params = { rounds: isEndless ? Infinity : 2, fails: life === "fails" };
  pipe.addTask("fill", { fn: fill, writes: { out: bytes }, events: { go }, params });
  pipe.addTask("drain", { fn: drain, reads: { in: bytes }, events: { go } });
  const own = { reader: pipe.openReader(bytes), event: pipe.openEvent(go) };
  try {
    if (life === "is never compiled") return;
    await pipe.compile();
    if (life === "is never started") return;
    await pipe.start();
    await own.reader.readAsync();
    own.reader.close();
    own.event.close();
    if (life === "is closed") return;
    if (life === "is stopped") pipe.stop();
    await pipe.join();
  } catch (error) {
    if (life !== "fails" || !(error instanceof TaskError)) throw error;
  } finally {
    await pipe.close();
  }
}

const pipelines = Number(Deno.args[0] ?? 500);
if (!(pipelines >= 5 * LIVES.length)) {
  console.error(`Cannot look for leaks: it takes ${5 * LIVES.length} pipelines or more, received ${Deno.args[0]}`);
  Deno.exit(2);
}

/** Runs in a function of its own, so that it holds nothing when it has returned. */
async function liveAll(): Promise<Footprint> {
  for (const life of LIVES) await live(life);
  return await settledFootprint(atRest);
}

const looks: Footprint[] = [];
let atRest = footprint();
for (let done = 0; done < pipelines; done += LIVES.length) looks.push(atRest = await liveAll());

// A pipeline that is not let go keeps two workers, of some 7 MB each, or at least its ring. A tenth of a ring for each is
// far more than what the collection of garbage and the allocator leave behind, and far less than any of these.
const growth = findGrowth(looks, looks.length * LIVES.length * RING_BYTES / 10);
const megabytes = looks.map(({ rss }) => Math.round(rss / 1e6));
const last = looks[looks.length - 1];
console.log(`pipelines      ${looks.length * LIVES.length}
threads        ${looks[0].threads} at first, ${last.threads} at last
file handles   ${looks[0].files} at first, ${last.files} at last
memory         ${megabytes[0]} MB at first, ${megabytes[megabytes.length - 1]} MB at last, ${
  Math.max(...megabytes)
} MB at most`);
for (const each of growth) console.error(`It grew: ${each}`);
Deno.exitCode = growth.length > 0 ? 1 : 0;
