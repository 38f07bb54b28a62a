/** Lays drawings out in a worker of the browser: it takes a while, and the program may have better to do. */

import type { ELK } from "elkjs";
import Kernel from "elkjs/lib/elk-api.js";
import { prepare } from "../draw/content.ts";
import { METRICS } from "../draw/draw_layout.ts";
import { layOutBy } from "../draw/elk_layout.ts";
import type { Layout } from "../draw/geometry.ts";
import { edgeId } from "../description.ts";
import type { LiveDrawing } from "../live/update.ts";

/** A drawing, laid out in both directions, with room for figures. */
export interface LaidOutDrawing {
  /** Layers below each other. */
  readonly down: Layout;
  /** Layers beside each other. */
  readonly right: Layout;
}

let kernel: ELK | undefined;

/** Lays a drawing out. */
export async function layOutDrawing({ description, widest }: LiveDrawing): Promise<LaidOutDrawing> {
  kernel ??= new (Kernel as unknown as new (options: object) => ELK)({ workerUrl: "elk.js" });
  // Labels would make it wide, and tell nothing about the run.
  const edges = description.edges.map((edge) => ({ ...edge, id: edgeId(edge), label: undefined }));
  const content = prepare({ ...description, edges }, widest);
  return {
    down: await layOutBy(kernel, content, METRICS, "down"),
    right: await layOutBy(kernel, content, METRICS, "right"),
  };
}
