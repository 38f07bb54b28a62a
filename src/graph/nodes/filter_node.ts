/** Nodes that let some values pass. */

import { Node } from "../node.ts";
import type { NodeContext } from "../node_context.ts";
import { type NodeOptions, refuse } from "../node_options.ts";
import { addFunctions } from "../node_internals.ts";
import { declareOptions, NODE_RULES } from "../option_rules.ts";
import { type JoinMode, SKIPPED, type Skipped } from "../wiring.ts";

/** What decides whether a value passes. */
export type Predicate<In> = (input: In, context: NodeContext) => boolean | PromiseLike<boolean>;

/**
 * Passes its input on if a predicate says so. Otherwise it, and all that needs its output, is skipped, which is no failure.
 * A predicate that narrows the type narrows that of the output.
 *
 * @example
 * ```ts
 * import { FilterNode, Graph, Node } from "@ringmill/ringmill/graph";
 * import { deepEqual } from "node:assert/strict";
 *
 * const long = new FilterNode("long", (text: string) => text.length > 3);
 * const shout = new Node("shout", (text: string) => `${text}!`);
 * long.connect(shout);
 * const graph = new Graph("filter", { nodes: [long, shout], start: long });
 * deepEqual(await graph.execute("hello"), { long: "hello", shout: "hello!" });
 * deepEqual(await graph.execute("ha"), {});
 * deepEqual(graph.getPipelineStatus(), { long: "skipped", shout: "skipped" });
 * ```
 */
export class FilterNode<
  In,
  Kept extends In = In,
  const Name extends string = string,
  const Join extends JoinMode | undefined = undefined,
> extends Node<In, Kept | Skipped, Name, Join> {
  readonly #predicate: Predicate<In>;

  /** A filter by any predicate, sync or async. One that narrows the type narrows that of the output. */
  constructor(
    name: Name,
    predicate: ((input: In) => input is Kept) | Predicate<In>,
    options: NodeOptions<NoInfer<In>, NoInfer<Kept> | Skipped, Join> = {},
  ) {
    super(name, undefined, options);
    if (typeof predicate !== "function") {
      refuse(TypeError, `Cannot make node "${name}"`, "expected a predicate function", predicate);
    }
    addFunctions(this, predicate);
    this.#predicate = predicate;
  }

  /** Asks the predicate. */
  override process(input: In, context: NodeContext): Kept | Skipped | PromiseLike<Kept | Skipped> {
    const choose = (passes: boolean) => passes ? input as Kept : SKIPPED;
    const passes = this.#predicate(input, context);
    return typeof passes === "boolean" ? choose(passes) : Promise.resolve(passes).then(choose);
  }
}

declareOptions(FilterNode, NODE_RULES);
