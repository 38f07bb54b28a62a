/** All benchmarks: `deno task bench`. What they print is meant to be read as ratios, on whichever machine it is. */

import { benchOneThread } from "./one_thread.ts";
import { benchPipelines } from "./pipelines.ts";
import { benchTwoWorkers } from "./two_workers.ts";

const { cpus, totalmem } = await import("node:os");
const [{ model }] = cpus();
console.log(`Deno ${Deno.version.deno} on ${cpus().length} x ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`);

await benchOneThread();
await benchTwoWorkers();
await benchPipelines();
