/** Makes one pipeline of several. */

import { DeclarationError } from "../errors.ts";
import { checkRule, name } from "../rules.ts";
import { LinearPipeline } from "./pipeline.ts";
import type { LinearPipelineSettings } from "./settings.ts";

/** The objects of several pipelines. */
export type ObjectsOfAll<Pipelines extends readonly unknown[]> = Pipelines extends readonly [
  LinearPipeline<infer First>,
  ...infer Rest,
] ? First & ObjectsOfAll<Rest>
  : unknown;

/**
 * One pipeline of the nodes of several, in their order, under a name of its own. Runtime constants and configurations are merged
 * as by `concat()`; settings given here take precedence.
 *
 * @throws {DeclarationError} If there is none, two have an output or node of one name, or different values for a constant or a
 *   part of the configuration.
 *
 * @example
 * ```ts
 * import { composePipelines, LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";
 * import { equal } from "node:assert/strict";
 *
 * const load = new LinearPipeline({
 *   name: "load",
 *   nodes: [new LinearNode({ name: "load", fn: () => [1, 2], outputs: ["rows"] })],
 *   quiet: true,
 * });
 * const count = new LinearPipeline({
 *   name: "count",
 *   nodes: [new LinearNode({ name: "count", fn: (rows: number[]) => rows.length, inputs: ["rows"], outputs: ["n"] })],
 *   quiet: true,
 * });
 * const both = composePipelines({ name: "both" }, [load, count]);
 * equal((await both.run()).results.n, 2);
 * ```
 */
// deno-lint-ignore no-explicit-any
export function composePipelines<const Pipelines extends readonly LinearPipeline<any>[]>(
  settings: Partial<LinearPipelineSettings> & Pick<LinearPipelineSettings, "name">,
  pipelines: Pipelines,
): LinearPipeline<ObjectsOfAll<Pipelines> & object> {
  checkRule("compose pipelines", "name", name, settings?.name);
  const [first, ...rest] = pipelines;
  if (!(first instanceof LinearPipeline)) {
    throw new DeclarationError(
      `Cannot compose pipeline "${settings.name}": expected pipelines, received ${Deno.inspect(pipelines)}`,
    );
  }
  return rest.reduce((all, next) => all.concat(next, settings), first.withSettings(settings));
}
