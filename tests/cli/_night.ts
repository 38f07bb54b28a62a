/** A linear pipeline to run from the command line. */

import { LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";

interface Row {
  readonly day: number;
  readonly sold: number;
  readonly note: string;
}

function load(days: number): Row[] {
  return Array.from({ length: days }, (_, day) => ({ day, sold: day * day, note: day === 1 ? 'say "hi", all' : "" }));
}

function total(rows: Row[], scale: number, isStrict: boolean): number {
  if (isStrict) throw new RangeError("too strict");
  return scale * rows.reduce((sum, { sold }) => sum + sold, 0);
}

export default () =>
  new LinearPipeline({
    name: "night",
    nodes: [
      new LinearNode({ fn: load, inputs: ["config.days"], outputs: ["rows"] }),
      new LinearNode({
        name: "write",
        fn: (rows: Row[]) => console.log(`wrote ${rows.length} rows`),
        inputs: ["rows"],
      }),
      new LinearNode({ fn: total, inputs: ["rows", "config.scale", "config.strict"], outputs: ["total"] }),
      new LinearNode({ name: "tell", fn: (total: number) => console.log(`the total is ${total}`), inputs: ["total"] }),
    ],
    config: { days: 3, scale: 2, strict: false, label: "x", tags: ["a"] },
    usePersistentCache: true,
  });
