/** A kernel that lays out in a worker, so that the thread that draws goes on meanwhile. */

import type { ElkNode } from "elkjs";
import { HostedWorker } from "../../worker/hosted_worker.ts";
import { mayImport } from "../../worker/may_import.ts";
import { LAYOUT_HOST, type LayoutReply } from "./layout_host.ts";

/**
 * Whether a worker can be started, and nobody is asked for a permission by that. In a bundle it would have to run the whole
 * program again.
 */
function canStart(): boolean {
  const { url, file } = LAYOUT_HOST;
  return url !== undefined && url.endsWith(`/${file}`) && mayImport(url);
}

/** Resolves when the worker before has ended: each takes a processor and much memory. Never rejects. */
let before: Promise<unknown> = Promise.resolve();

/**
 * Lays a graph out, one after the other, each in a worker that ends with it. The graph itself stays as it is.
 *
 * @returns The graph with its places; `null` where no worker can be started, or it has failed.
 */
export function layOutInWorker(graph: ElkNode): Promise<ElkNode | null> {
  if (!canStart()) return Promise.resolve(null);
  const laidOut = before.then(() => runWorker(graph)).catch(() => null);
  // Not the graph itself, which would be kept.
  before = laidOut.then(() => {});
  return laidOut;
}

async function runWorker(graph: ElkNode): Promise<ElkNode | null> {
  const { promise, resolve } = Promise.withResolvers<ElkNode | null>();
  const worker = new HostedWorker<ElkNode, LayoutReply>(LAYOUT_HOST, { name: "drawing" }, {
    isMessage: (value): value is LayoutReply => typeof value === "object" && value !== null && "laidOut" in value,
    heard: ({ laidOut }) => resolve(laidOut),
    broke: () => resolve(null),
  });
  try {
    worker.post(graph);
    return await promise;
  } finally {
    worker.terminate();
  }
}
