/** What the tests of linear pipelines share. */

import { join } from "node:path";
import {
  LinearNode,
  type LinearNodeOptions,
  LinearPipeline,
  type LinearPipelineSettings,
} from "@ringmill/ringmill/linear";

/** A pipeline that shows nothing. */
export function quietPipeline(
  nodes: readonly LinearNodeOptions[],
  settings: Partial<LinearPipelineSettings> = {},
): LinearPipeline {
  const made = nodes.map((options) => new LinearNode(options));
  return new LinearPipeline({ name: "pipeline", nodes: made, quiet: true, ...settings });
}

/** The path of a cache in a folder that is removed with it. */
export function temporaryCache(): Disposable & { readonly path: string } {
  const folder = Deno.makeTempDirSync();
  return { path: join(folder, "cache.db"), [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }) };
}

/** Settings of a pipeline with a cache. */
export function cached(path: string): Partial<LinearPipelineSettings> {
  return { usePersistentCache: true, cachePath: path };
}

/** What became of each node: `{ load: "run", train: "cached" }`. */
export function statuses(nodes: readonly { readonly node: string; readonly status: string }[]): Record<string, string> {
  return Object.fromEntries(nodes.map(({ node, status }) => [node, status]));
}

/** Objects of a pipeline by name, as its registry shows them after a run. */
export function objectsOf(pipeline: LinearPipeline): Record<string, unknown> {
  using registry = pipeline.openRegistry();
  return Object.fromEntries(registry.names.map((name) => [name, registry.get(name)]));
}

/** Runs `work` and returns what was logged meanwhile by `console.warn` and `console.error`. */
export async function logged(work: () => unknown): Promise<string[]> {
  const lines: string[] = [];
  const { warn, error } = console;
  console.warn = console.error = (...args: unknown[]) => void lines.push(args.join(" "));
  try {
    await work();
  } finally {
    Object.assign(console, { warn, error });
  }
  return lines;
}
