/** The types of wiring: what a node accepts from which other node, and what a graph of nodes results in. */

import type { Observable } from "rxjs";
import type { NodeContext } from "./node_context.ts";

/**
 * What a node's function returns instead of a value to have everything after it skipped.
 *
 * @example
 * ```ts
 * import { Graph, Node, SKIPPED } from "@ringmill/ringmill/graph";
 * import { deepEqual } from "node:assert/strict";
 *
 * const root = new Node("root", (n: number) => n < 0 ? SKIPPED : Math.sqrt(n));
 * const graph = new Graph("roots", { nodes: [root], start: root });
 * deepEqual(await graph.execute(9), { root: 3 });
 * deepEqual(await graph.execute(-1), {});
 * ```
 */
export const SKIPPED: unique symbol = Symbol.for("ringmill.skipped");

/** The type of {@link SKIPPED}. */
export type Skipped = typeof SKIPPED;

/**
 * How a node with several inputs joins them: `each` calls the function for every one as it arrives, and the node's output
 * is the list of what it returned, in the order in which the nodes before it were added; `all` waits for all of them and calls the function
 * once, with an object keyed by the names of the nodes that they come from; `arrived` does so with those of them that have
 * arrived, once the others are skipped or have failed.
 */
export type JoinMode = "each" | "all" | "arrived";

/** A value that comes from a node. */
export interface Arrival<Name extends string, Value> {
  /** The node's name. */
  readonly name: Name;
  /** What it has put out. */
  readonly value: Value;
}

/** What a node accepts: any of the properties that its function expects by name, or the input itself from any node. */
export type AcceptedBy<In, Join extends JoinMode | undefined> = Join extends "all" ? ArrivalsOf<In, keyof In & string>
  : Join extends "arrived" ? ArrivalsOf<In, OptionalNames<In>>
  : Arrival<string, In>;

/** The properties that a function may get: of a node that joins what has arrived, each must be one of them. */
export type OptionalNames<In> = string extends keyof In ? keyof In & string
  : { [Name in keyof In & string]-?: Record<never, never> extends Pick<In, Name> ? Name : never }[keyof In & string];

/** Values for these properties, by name. */
export type ArrivalsOf<In, Names extends keyof In & string> = {
  [Name in Names]: Arrival<Name, Exclude<In[Name], undefined>>;
}[Names];

/** For the type checker only: nothing of it is there at run time. */
export interface NodeTypes<In, Out, Join extends JoinMode | undefined> {
  /** Takes what may be connected to the node. */
  readonly accepts: (arrival: AcceptedBy<In, Join>) => void;
  /** What the graph puts into its start nodes. */
  readonly input: (input: In) => void;
  /** The node's output. */
  readonly output: Join extends "each" ? Exclude<Out, Skipped>[] : Exclude<Out, Skipped>;
  /** Whether the function may skip what comes after it; unknown where anything may come out. */
  readonly skips: 0 extends 1 & Out ? boolean : Skipped extends Out ? true : false;
}

/** The same for a node of any types. */
export interface AnyNodeTypes {
  /** Takes what may be connected to the node. */
  // deno-lint-ignore no-explicit-any
  readonly accepts: (arrival: any) => void;
  /** What the graph puts into its start nodes. */
  // deno-lint-ignore no-explicit-any
  readonly input: (input: any) => void;
  /** The node's output. */
  readonly output: unknown;
  /** Whether the function may skip what comes after it. */
  readonly skips: boolean;
}

/** A {@link Node} of any types. */
export interface GraphNode {
  /** Unique in its graph. */
  readonly name: string;
  /** How it joins several inputs. */
  readonly join: JoinMode | undefined;
  /** For people. */
  readonly description: string | undefined;
  /** For programs. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** For the type checker only. */
  readonly "~types": AnyNodeTypes;
  /** Does the node's work. */
  // deno-lint-ignore no-explicit-any
  process(input: any, context: NodeContext): unknown;
  /** Sends this node's output to another node. */
  // deno-lint-ignore no-explicit-any
  connect<Target extends Inlet<string, any>>(target: Target): Target;
  /** No longer sends this node's output, or its chunks, to another node. */
  disconnect(target: GraphNode): boolean;
  /** The inputs of this node. */
  readonly input$: Observable<unknown>;
  /** The outputs of this node. */
  readonly output$: Observable<unknown>;
  /** Checks and prepares the node. */
  compile(): void;
  /** Lets go of what the node holds. */
  close(): Promise<void>;
}

/** A node that accepts what another puts out. */
export interface Inlet<Name extends string, Out> {
  /** For the type checker only. */
  readonly "~types": { readonly accepts: (arrival: Arrival<Name, Out>) => void };
}

/** A node that a graph's input can start with. */
export interface StartingNode<In> {
  /** Its name. */
  readonly name: string;
  /** For the type checker only. */
  readonly "~types": { readonly input: (input: In) => void };
}

/** What a node puts out. */
export type OutputOf<N extends GraphNode> = N["~types"]["output"];

/** The outputs of nodes by name. A node may be missing where one of them may skip others. */
export type ResultsOf<Nodes extends GraphNode> = [Nodes] extends [never] ? Readonly<Record<string, unknown>>
  : true extends Nodes["~types"]["skips"] ? PartialResultsOf<Nodes>
  : { readonly [N in Nodes as N["name"]]: OutputOf<N> };

/** The outputs of those nodes that have completed. */
export type PartialResultsOf<Nodes extends GraphNode> = [Nodes] extends [never] ? Readonly<Record<string, unknown>>
  : { readonly [N in Nodes as N["name"]]?: OutputOf<N> };
