/** Data of one run, which every node of a graph can see. */

import { LifecycleError } from "../errors.ts";
import { checkName } from "../rules.ts";
import { NodeCallContext, type NodeContext } from "./node_context.ts";

/**
 * What every run of a graph is given besides its input: the user, a trace, where to write. Its type is said once; the graph has
 * it as its option `context`, executions have the value, and nodes ask for it, those of inner graphs, too. It does not go into
 * keys of caches, and is not kept with a run.
 *
 * @example
 * ```ts
 * import { Graph, Node, RunContext } from "@ringmill/ringmill/graph";
 * import { equal } from "node:assert/strict";
 *
 * const session = new RunContext<{ user: string }>("session");
 * const greet = new Node("greet", (word: string, context) => `${word}, ${session.of(context).user}!`);
 * const graph = new Graph("greetings", { nodes: [greet], start: greet, context: session });
 * equal(await graph.execute("Hello", { output: greet, context: { user: "Ada" } }), "Hello, Ada!");
 * ```
 */
export class RunContext<Value> {
  /** For messages. */
  readonly name: string;
  /** For the type checker only. */
  declare readonly "~value": Value;

  /**
   * A kind of data.
   *
   * @throws {TypeError} If `name` is no text.
   */
  constructor(name: string) {
    checkName("make a run context", name);
    this.name = name;
  }

  /**
   * The value of the run that a function is called in.
   *
   * @throws {LifecycleError} If the run has none: neither its graph nor one around that has this context, or the function is that of
   * a `CachedNode` or `BatchNode`, which several runs share.
   */
  of(context: NodeContext): Value {
    const found = context instanceof NodeCallContext ? context.source.contextOf(this) : undefined;
    if (found) return found.value as Value;
    throw new LifecycleError(
      `Cannot find the run context "${this.name}" in node "${context?.node}": its graph has no option context with it, or its ` +
        "function is shared by several runs",
    );
  }
}
