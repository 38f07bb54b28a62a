/** Where everything goes: layers, by the Eclipse Layout Kernel. Its lines run at right angles and through no box. */

import type { ELK } from "elkjs";
import type { Content } from "./content.ts";
import { layOutBy } from "./elk_layout.ts";
import type { Direction, Layout, Metrics } from "./geometry.ts";

let kernel: Promise<ELK> | undefined;

/** Loaded when it is needed: it is large. */
async function loadKernel(): Promise<ELK> {
  const { default: Kernel } = await import("elkjs/lib/elk.bundled.js");
  return new (Kernel as unknown as new () => ELK)();
}

/** Lays out what is to be drawn. */
export async function layOut(content: Content, metrics: Metrics, direction: Direction): Promise<Layout> {
  return layOutBy(await (kernel ??= loadKernel()), content, metrics, direction);
}
