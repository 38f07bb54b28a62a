/** Lays out a drawing with room for figures. It takes a while, so a worker does it: the program may have better to do. */

import { WorkerPool } from "../../pool/worker_pool.ts";
import { prepare } from "../draw/content.ts";
import { edgeId, type Figures, type ViewDescription } from "../description.ts";
import { layOutPixels } from "../draw/draw_svg.ts";
import type { LiveDrawing } from "./update.ts";

/** What a worker calls. */
export async function layOutDrawing(description: ViewDescription, widest: Figures): Promise<LiveDrawing> {
  // Labels would make it wide, and tell nothing about the run.
  const edges = description.edges.map((edge) => ({ ...edge, id: edgeId(edge), label: undefined }));
  const content = prepare({ ...description, edges }, widest);
  const down = await layOutPixels(content, "down"), right = await layOutPixels(content, "right");
  return { title: content.title, down, right };
}

/** The same, in a worker. */
export async function layOutElsewhere(description: ViewDescription, widest: Figures): Promise<LiveDrawing> {
  await using pool = new WorkerPool({ name: `drawing of ${description.title}`, workers: 1 });
  const target = { module: import.meta.url, exportName: layOutDrawing.name };
  return await pool.run(target, [description, widest]) as LiveDrawing;
}
