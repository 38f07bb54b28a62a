/** The nodes of a graph. */

import type { Observable } from "rxjs";
import { DeclarationError } from "../errors.ts";
import { Port } from "./execution/event_bus.ts";
import { addFunctions, addInternals, internalsOf } from "./node_internals.ts";
import type { NodeContext } from "./node_context.ts";
import { completeOptions, type NodeOptions, refuse } from "./node_options.ts";
import { checkNodeOptions, declareOptions, isOwnClass, NODE_RULES } from "./option_rules.ts";
import type { GraphNode, Inlet, JoinMode, NodeTypes, Skipped } from "./wiring.ts";

export type { GraphNode };

const NO_METADATA: Readonly<Record<string, unknown>> = Object.freeze({});

/** The function of a node: sync or async, closures welcome. */
export type NodeFunction<In, Out> = (input: In, context: NodeContext) => Out | PromiseLike<Out>;

/** What {@link Node.output$} emits. */
export type Emitted<Out, Join> = Join extends "each" ? Exclude<Out, Skipped>[] : Exclude<Out, Skipped>;

/**
 * A step of a {@link Graph}: a name and a function of one input.
 *
 * For nodes of your own, extend this class and override {@link process}.
 *
 * @example
 * ```ts
 * import { Graph, Node } from "@ringmill/ringmill/graph";
 * import { deepEqual } from "node:assert/strict";
 *
 * const words = new Node("words", (text: string) => text.split(" "));
 * const lengths = new Node("lengths", async (words: string[]) => words.map((word) => word.length));
 * words.connect(lengths);
 * const graph = new Graph("count", { nodes: [words, lengths], start: words });
 * deepEqual(await graph.execute("node by node"), { words: ["node", "by", "node"], lengths: [4, 2, 4] });
 * ```
 *
 * @example A node class
 * ```ts
 * import { Graph, Node, type NodeContext } from "@ringmill/ringmill/graph";
 * import { deepEqual } from "node:assert/strict";
 *
 * class Repeat extends Node<string, string, "repeat"> {
 *   constructor(readonly times: number) {
 *     super("repeat");
 *   }
 *   override process(text: string, _context: NodeContext): string {
 *     return text.repeat(this.times);
 *   }
 * }
 *
 * const repeat = new Repeat(3);
 * const graph = new Graph("echo", { nodes: [repeat], start: repeat });
 * deepEqual(await graph.execute("ha"), { repeat: "hahaha" });
 * ```
 */
export class Node<
  In = unknown,
  Out = unknown,
  const Name extends string = string,
  const Join extends JoinMode | undefined = undefined,
> {
  /** Unique in its graph. */
  readonly name: Name;
  /** How it joins several inputs. */
  readonly join: Join;
  /** For people. */
  readonly description: string | undefined;
  /** For programs: what the option `metadata` says. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** For the type checker only. */
  declare readonly "~types": NodeTypes<In, Out, Join>;
  readonly #fn: NodeFunction<In, Out> | undefined;

  /**
   * A node of no graph yet.
   *
   * @throws {TypeError} If the name is no text, `fn` no function, or an option of the wrong kind.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(
    name: Name,
    fn?: NodeFunction<In, Out>,
    options: NodeOptions<NoInfer<In>, NoInfer<Out>, Join> = {},
  ) {
    if (typeof name !== "string" || name === "" || name as string === "__proto__") {
      refuse(TypeError, "Cannot make a node", "its name must be a text", name);
    }
    const action = `Cannot make node "${name}"`;
    if (fn === undefined && this.process === Node.prototype.process) {
      refuse(TypeError, action, "it needs a function, or a method process() of its own", fn);
    }
    if (fn !== undefined && typeof fn !== "function") refuse(TypeError, action, "expected a function", fn);
    checkNodeOptions(`make node "${name}"`, options, new.target);
    this.name = name;
    this.join = options.join as Join;
    this.description = options.description;
    this.metadata = options.metadata ? Object.freeze({ ...options.metadata }) : NO_METADATA;
    this.#fn = fn;
    // Each graph completes them by its defaults; what is wrong is said here.
    completeOptions(`make node "${name}"`, options as NodeOptions);
    addInternals(this, options as NodeOptions);
    addFunctions(this, fn ?? (isOwnClass(new.target) ? this.process : undefined), options.fallback);
  }

  /**
   * Does the node's work: calls its function. What it returns, or resolves to, is the node's output; {@link SKIPPED} skips
   * all that comes after it.
   */
  process(input: In, context: NodeContext): Out | PromiseLike<Out> {
    return this.#fn!(input, context);
  }

  /**
   * Sends this node's output to another node. Returns that one, so that calls can be chained. Connecting twice is the same
   * as connecting once.
   *
   * @throws {TypeError} If `target` is no node.
   * @throws {DeclarationError} If it is this node itself.
   */
  connect<Target extends Inlet<Name, Emitted<Out, Join>>>(target: Target): Target {
    if (!(target instanceof Node)) refuse(TypeError, `Cannot connect node "${this.name}"`, "expected a node", target);
    if ((target as GraphNode) === this) {
      throw new DeclarationError(`Cannot connect node "${this.name}" to itself: a graph has no cycles`);
    }
    const { targets, owner } = internalsOf(this);
    targets.add(target);
    owner?.changed();
    return target;
  }

  /**
   * No longer sends this node's output, or its chunks, to another one. Whether it did.
   */
  disconnect(target: GraphNode): boolean {
    const { targets, chunkTargets, owner } = internalsOf(this);
    const wasTarget = targets.delete(target);
    if (!chunkTargets.delete(target) && !wasTarget) return false;
    owner?.changed();
    return true;
  }

  /** The inputs of this node, from all executions of its graph. Completes when the graph is closed. */
  get input$(): Observable<In> {
    return this.#port("input") as Observable<In>;
  }

  /** The outputs of this node, from all executions of its graph. Completes when the graph is closed. */
  get output$(): Observable<Emitted<Out, Join>> {
    return this.#port("output") as Observable<Emitted<Out, Join>>;
  }

  #port(side: "input" | "output"): Observable<unknown> {
    const internals = internalsOf(this);
    const port = internals[side] ??= new Port(`node "${this.name}"`);
    internals.owner?.watched();
    if (internals.owner?.isClosed) port.complete();
    return port.observable;
  }

  /**
   * Checks and prepares the node, when its graph is compiled.
   *
   * @throws {DeclarationError} If that fails.
   */
  compile(): void {
    // A plain node needs no preparation.
  }

  /** Lets go of what the node holds, such as workers. Closing its graph does this. */
  async close(): Promise<void> {
    // A plain node holds nothing.
  }
}

declareOptions(Node, NODE_RULES);
