/** The rules for the options of all calls of the graph. */

import {
  anything,
  arrayOf,
  boolean,
  callback,
  checkOptions,
  checkRule,
  countOrInfinity,
  duration,
  either,
  instanceOf,
  integer,
  milliseconds,
  name,
  number,
  object,
  oneOf,
  permissions,
  type Rule,
  type Rules,
  signal,
  text,
} from "../rules.ts";
import type { StandardSchema } from "../standard_schema.ts";
import { Limiter } from "./limiter.ts";

/** An object with some methods: of whichever class, also of another copy of this package. */
function withMethods(expected: string, ...methods: string[]): Rule {
  const has = (value: object, method: string) => typeof Reflect.get(value, method) === "function";
  return {
    expected,
    isKind: (value) => object.isKind(value) && methods.every((method) => has(value as object, method)),
  };
}

/** Something that keeps runs. */
const checkpointStore = withMethods(
  "a store that keeps runs, such as a SqliteStore",
  "claimRun",
  "readRun",
  "deleteRun",
);

function withoutRunId({ runId: _runId, ...rules }: Rules): Rules {
  return rules;
}

/** An object of a class of ours, or of the user's own that does the same: looked at more closely where it is used. */
const objectAs = (expected: string): Rule => ({ ...object, expected });

const aNode = objectAs("a node");

const yes: Rule = { expected: "true", isKind: (value) => value === true };

const schema: Rule = {
  expected: "a schema of Standard Schema, such as zod's, valibot's or arktype's",
  isKind: (value) => typeof (value as Partial<StandardSchema> | null)?.["~standard"]?.validate === "function",
};

/** {@link GraphOptions}. */
export const GRAPH_RULES: Rules = {
  nodes: arrayOf(anything, "an array of nodes"),
  start: either(aNode, arrayOf(anything, "an array of nodes")),
  onEvent: callback,
  defaults: object,
  graceMs: duration,
  checkpoint: checkpointStore,
  context: objectAs("a RunContext"),
};

/** {@link ExecuteOptions} and {@link OutputOptions}. */
export const EXECUTE_RULES: Rules = {
  signal,
  concurrency: countOrInfinity(1),
  timeoutMs: duration,
  onError: oneOf(["cancel", "continue"]),
  onNodeError: callback,
  timing: boolean,
  output: aNode,
  onlyNeeded: boolean,
  context: anything,
  runId: name,
  checkpoint: checkpointStore,
  maxAgeMs: duration,
  allowChanged: boolean,
};

/** {@link ResumeOptions}. */
export const RESUME_RULES: Rules = { ...withoutRunId(EXECUTE_RULES), node: name };

/** {@link KeptRunOptions}. */
export const KEPT_RUN_RULES: Rules = { checkpoint: checkpointStore };

/** {@link GraphStreamOptions}. */
export const STREAM_RULES: Rules = {
  ...EXECUTE_RULES,
  runId: callback,
  concurrency: countOrInfinity(1),
  nodeConcurrency: countOrInfinity(1),
  ordered: boolean,
  readAhead: integer(0),
  onItemError: callback,
  onItem: callback,
};

/** {@link NodeOptions}. */
export const NODE_RULES: Rules = {
  join: oneOf(["each", "all", "arrived"]),
  inputs: arrayOf(text, "an array of names of nodes"),
  retry: either(countOrInfinity(1), object),
  timeoutMs: duration,
  fallback: callback,
  signal,
  limiter: instanceOf(Limiter, "a Limiter"),
  description: text,
  metadata: object,
  inputSchema: schema,
  outputSchema: schema,
};

/** {@link RetryOptions}, as they are named in messages. */
export const RETRY_RULES: Rules = {
  "retry.attempts": countOrInfinity(1),
  "retry.delayMs": either(duration, callback),
  "retry.factor": number(1),
  "retry.maxDelayMs": duration,
  "retry.jitter": number(0, 1),
  "retry.when": callback,
};

/** {@link RouterNodeOptions}. */
export const ROUTER_NODE_RULES: Rules = { ...NODE_RULES, exits: object };

/** {@link LoopNodeOptions}. */
export const LOOP_NODE_RULES: Rules = { ...NODE_RULES, until: callback, maxRounds: integer(1) };

/** {@link FlatMapNodeOptions}. */
export const FLAT_MAP_NODE_RULES: Rules = {
  ...NODE_RULES,
  each: aNode,
  concurrency: countOrInfinity(1),
  onPartError: callback,
};

/** {@link WindowNodeOptions}. */
export const WINDOW_NODE_RULES: Rules = {
  ...NODE_RULES,
  size: integer(1),
  maxWaitMs: duration,
  maxWeight: number(0),
  weigh: callback,
};

/** {@link StreamingNodeOptions}. */
export const STREAMING_NODE_RULES: Rules = { ...NODE_RULES, collect: callback, cache: either(yes, object) };

/** {@link NodeDefaults}, as they are named in messages. */
export const DEFAULTS_RULES: Rules = { "defaults.retry": NODE_RULES.retry, "defaults.timeoutMs": NODE_RULES.timeoutMs };

/** {@link BatchNodeOptions}. */
export const BATCH_NODE_RULES: Rules = {
  ...NODE_RULES,
  size: integer(1),
  maxWaitMs: duration,
  minSize: integer(1),
  maxWeight: number(0),
  weigh: callback,
  isolateRetries: boolean,
};

/** {@link ChunkCacheOptions}. */
export const CHUNK_CACHE_RULES: Rules = {
  max: integer(1),
  ttlMs: duration,
  key: callback,
  store: withMethods("a store of values, such as a MemoryStore", "get", "set", "delete"),
  namespace: text,
  storeTimeoutMs: duration,
  onStoreError: callback,
};

/** {@link CachedNodeOptions}. */
export const CACHED_NODE_RULES: Rules = { ...NODE_RULES, ...CHUNK_CACHE_RULES };

/** {@link ParallelNodeOptions}. */
export const PARALLEL_NODE_RULES: Rules = {
  ...NODE_RULES,
  module: anything,
  pool: withMethods("a WorkerPool", "run", "close"),
  workers: integer(1),
  graceMs: duration,
  idleMs: duration,
  permissions,
};

/** {@link SubgraphNodeOptions}. */
export const SUBGRAPH_NODE_RULES: Rules = { ...NODE_RULES, concurrency: countOrInfinity(1), output: aNode };

/** {@link MemoryStoreOptions}. */
export const MEMORY_STORE_RULES: Rules = { max: integer(1), copies: boolean };

/** {@link SqliteStoreOptions}. */
export const SQLITE_STORE_RULES: Rules = {
  path: { ...text, expected: "a path", isInRange: (path: string) => path !== "" },
  namespace: text,
  max: countOrInfinity(1),
  busyTimeoutMs: milliseconds(0, 60_000),
};

/** {@link RedisStoreOptions}. */
export const REDIS_STORE_RULES: Rules = {
  client: withMethods("a client of Redis", "get", "set", "del", "scanIterator"),
  prefix: text,
  leaseMs: milliseconds(100, 2 ** 31 - 1),
};

const CLASS_RULES = new WeakMap<object, Rules>();

/** Says which options the nodes of a class have. */
export function declareOptions(nodeClass: object, rules: Rules): void {
  CLASS_RULES.set(nodeClass, rules);
}

/** Whether users have written a class of nodes themselves. */
export function isOwnClass(nodeClass: object): boolean {
  return !CLASS_RULES.has(nodeClass);
}

/** Checks a node's options. Subclasses that users write may have further ones. */
export function checkNodeOptions(action: string, options: unknown, nodeClass: object): void {
  const rules = CLASS_RULES.get(nodeClass);
  if (rules) return checkOptions(action, options, rules);
  checkRule(action, "its options", object, options);
  let ancestor: object | null = nodeClass;
  while (ancestor && !CLASS_RULES.has(ancestor)) ancestor = Object.getPrototypeOf(ancestor);
  const known = CLASS_RULES.get(ancestor!)!;
  checkOptions(action, Object.fromEntries(Object.entries(options as object).filter(([name]) => name in known)), known);
}
