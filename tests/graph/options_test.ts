/** Every option of every call is refused where it is misspelt or of the wrong kind. */

import { rejects, throws } from "node:assert/strict";
import {
  BatchNode,
  CachedNode,
  FilterNode,
  FlatMapNode,
  Graph,
  Limiter,
  LoopNode,
  MemoryStore,
  Node,
  ParallelNode,
  RedisStore,
  RouterNode,
  SqliteStore,
  StreamingNode,
  SubgraphNode,
} from "@ringmill/ringmill/graph";
import type { Rules } from "../../src/rules.ts";
import * as rules from "../../src/graph/option_rules.ts";
import { LIMITER_RULES } from "../../src/graph/limiter.ts";

// deno-lint-ignore no-explicit-any
type Any = any;

const node = () => new Node("inner", (n: number) => n);
const graph = () => {
  const start = node();
  return new Graph("g", { nodes: [start], start });
};

/** Has the methods of a client of Redis, which nobody calls. */
const CLIENT = { get() {}, set() {}, del() {}, scanIterator() {} } as Any;

/** Calls with an object of options, with what they cannot do without. */
const CALLS: readonly [string, Rules, (options: Any) => unknown][] = [
  ["new Graph()", rules.GRAPH_RULES, (options) => new Graph("g", options)],
  ["Graph.start()", rules.EXECUTE_RULES, (options) => graph().start(1, options)],
  ["Graph.stream()", rules.STREAM_RULES, (options) => graph().stream([], options)],
  ["new Node()", rules.NODE_RULES, (options) => new Node("n", (n) => n, options)],
  ["new FilterNode()", rules.NODE_RULES, (options) => new FilterNode("n", () => true, options)],
  ["new BatchNode()", rules.BATCH_NODE_RULES, (options) => new BatchNode("n", (n: number[]) => n, options)],
  ["new CachedNode()", rules.CACHED_NODE_RULES, (options) => new CachedNode("n", (n) => n, options)],
  ["new StreamingNode()", rules.STREAMING_NODE_RULES, (options) => new StreamingNode("n", () => [], options)],
  ["new ParallelNode()", rules.PARALLEL_NODE_RULES, (options) => new ParallelNode("n", (n) => n, options)],
  ["new SubgraphNode()", rules.SUBGRAPH_NODE_RULES, (options) => new SubgraphNode("n", graph(), options)],
  [
    "new RouterNode()",
    rules.ROUTER_NODE_RULES,
    (options) => new RouterNode("n", () => "a" as never, { exits: { a: node() }, ...options }),
  ],
  ["new LoopNode()", rules.LOOP_NODE_RULES, (options) => new LoopNode("n", node(), { until: () => true, ...options })],
  ["new Limiter()", LIMITER_RULES, (options) => new Limiter(options)],
  ["new MemoryStore()", rules.MEMORY_STORE_RULES, (options) => new MemoryStore(options)],
  ["new SqliteStore()", rules.SQLITE_STORE_RULES, (options) => new SqliteStore({ path: ":memory:", ...options })],
  ["new RedisStore()", rules.REDIS_STORE_RULES, (options) => new RedisStore({ client: CLIENT, ...options })],
];

for (const [call, table, make] of CALLS) {
  Deno.test(`${call} refuses options that are misspelt or of the wrong kind`, () => {
    for (const option of Object.keys(table)) {
      throws(() => make({ [`${option}s_`]: 1 }), { name: "TypeError", message: /there is no option/ }, option);
      // No option takes a symbol, but for those that are looked at elsewhere.
      if (table[option].expected === "anything") continue;
      throws(() => make({ [option]: Symbol("x") }), { name: "TypeError", message: new RegExp(option) }, option);
    }
  });
}

Deno.test("Options that are nodes, stores, pools or contexts say so where they are given a name", async () => {
  const node = new Node("a", (n: number) => n);
  await using graph = new Graph("g", { nodes: [node], start: node });
  const wrong = "a" as never;
  const cases: [() => unknown, RegExp][] = [
    [() => graph.execute(1, { output: wrong }), /output must be a node, received "a"$/],
    [() => new Graph("g", { start: wrong }), /start must be a node, or an array of nodes, received "a"$/],
    [() => new Graph("g", { context: wrong }), /context must be a RunContext, received "a"$/],
    [() => new FlatMapNode("f", (n: number) => [n], { each: wrong }), /each must be a node, received "a"$/],
    [() => new CachedNode("c", (n: number) => n, { store: wrong }), /store must be a store.*, received "a"$/],
  ];
  for (const [deed, message] of cases) await rejects(async () => await deed(), message);
});
