/** Where everything goes: layers, by the Eclipse Layout Kernel. Its lines run at right angles and through no box. */

import type { ELK, ElkNode } from "elkjs";
import type { Content } from "./content.ts";
import { layOutBy } from "./elk_layout.ts";
import type { Direction, Layout, Metrics } from "./geometry.ts";
import { loadKernel } from "./kernel.ts";
import { layOutInWorker } from "./layout_worker.ts";

/** Boxes and lines from which on a worker is worth its start. */
const MANY = 150;

const here = { layout: async (graph: ElkNode) => (await loadKernel()).layout(graph) } as Pick<ELK, "layout">;

const elsewhere = {
  layout: async (graph: ElkNode) => await layOutInWorker(graph) ?? await here.layout(graph),
} as Pick<ELK, "layout">;

/** Lays out what is to be drawn: what is large in a worker, if there can be one. */
export async function layOut(content: Content, metrics: Metrics, direction: Direction): Promise<Layout> {
  const isLarge = content.nodes.length + content.edges.length >= MANY;
  return await layOutBy(isLarge ? elsewhere : here, content, metrics, direction);
}
