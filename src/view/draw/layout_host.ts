/** Lays out in a worker. */

import type { ElkNode } from "elkjs";
import { HostScope } from "../../worker/host_scope.ts";
import type { HostModule } from "../../worker/hosted_worker.ts";
import { loadKernel } from "./kernel.ts";

/** This module, as a host. */
export const LAYOUT_HOST: HostModule = { url: import.meta.url, file: "layout_host.ts", prefix: "ringmill layout: " };

/** What the kernel has made of a graph; nothing if it has failed. */
export interface LayoutReply {
  readonly laidOut: ElkNode | null;
}

const scope = new HostScope<ElkNode, LayoutReply>();

async function layOut(graph: ElkNode): Promise<void> {
  const laidOut = await loadKernel().then((kernel) => kernel.layout(graph)).catch(() => null);
  scope.post({ laidOut });
}

scope.serve(LAYOUT_HOST, () => ({ heard: (graph) => void layOut(graph) }));
