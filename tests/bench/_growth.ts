/** Pipelines of any number of stages and readers. */

import { Pipeline, type WaitStrategy } from "@ringmill/ringmill";
import { type GrowthLoad, labour, sink, source, stage } from "./_growth_tasks.ts";
import { isSumOfAll, verify } from "./_measure.ts";

/** A source, so many stages one after the other, and so many sinks that read what comes out of the last. */
export interface Growth extends GrowthLoad {
  readonly stages: number;
  readonly sinks: number;
  readonly wait: WaitStrategy;
}

/** Nanoseconds per frame. */
export interface GrowthTimes {
  /** From the first frame that a sink has to the last, at the slowest of them. */
  readonly frame: number;
  /** Processor time of the source. */
  readonly source: number;
}

/** Runs such a pipeline once. */
export async function timeGrowth({ frames, work, stages, sinks, wait }: Growth): Promise<GrowthTimes> {
  await using pipe = new Pipeline("growth", new URL("./_growth_tasks.ts", import.meta.url));
  const params: GrowthLoad = { frames, work };
  const links = Array.from(
    { length: stages + 1 },
    (_, n) => pipe.addStream(`link ${n}`, { shape: [16], dtype: "int32", wait }),
  );
  const costs = pipe.addStream("costs", { shape: [1], dtype: "float64" });
  pipe.addTask("source", { fn: source, writes: { outlet: links[0], costs }, params });
  for (let n = 0; n < stages; n++) {
    pipe.addTask(`stage ${n}`, { fn: stage, reads: { inlet: links[n] }, writes: { outlet: links[n + 1] }, params });
  }
  const readers = Array.from({ length: sinks }, (_, n) => {
    const receipts = pipe.addStream(`receipts ${n}`, { shape: [3], dtype: "float64" });
    pipe.addTask(`sink ${n}`, { fn: sink, reads: { inlet: links[stages] }, writes: { receipts }, params });
    return pipe.openReader(receipts);
  });
  const cost = pipe.openReader(costs);
  // Each task goes on where the one before has left off.
  let worked = frames - 1;
  for (let task = 0; task < stages + 2; task++) worked = labour(work, worked);
  await pipe.run();
  const times = readers.map((reader) => {
    const [time, sum, last] = reader.read()!;
    verify(isSumOfAll(sum, frames) && last === worked, `${stages} stages and ${sinks} sinks`);
    return time;
  });
  return { frame: Math.max(...times), source: cost.read()![0] };
}
