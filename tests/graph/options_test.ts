/** Every option of every call is refused where it is misspelt or of the wrong kind. */

import { throws } from "node:assert/strict";
import {
  BatchNode,
  CachedNode,
  FilterNode,
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
