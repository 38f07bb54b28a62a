/** Every option of every call is checked by one module of rules, in the same words: here each of them is given what is wrong. */

import { Pipeline } from "@ringmill/ringmill";
import { message, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";
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
  SqliteStore,
  StreamingNode,
  WindowNode,
  WorkerPool,
} from "@ringmill/ringmill/graph";
import { LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";
import { exportKernel, nats, publish, RemoteKernel, remoteKernel, subscribe, tcp } from "@ringmill/ringmill/cluster";
import { convertRecording, record, recordDeadLetters, replay } from "@ringmill/ringmill/recording";
import { Manager } from "@ringmill/ringmill/runtime";
import { describePipeline, drawMermaid, drawSvg, drawTable, drawText } from "@ringmill/ringmill/view";
import { ok, rejects } from "node:assert/strict";
import { LAUNCH_RULES, RUNTIME_RULES } from "../../src/actors/runtime.ts";
import { KERNEL_RESTART_RULES, RING_KERNEL_RULES } from "../../src/actors/ring_kernel.ts";
import * as graphRules from "../../src/graph/option_rules.ts";
import { LIMITER_RULES } from "../../src/graph/limiter.ts";
import { LINEAR_NODE_RULES } from "../../src/linear/node.ts";
import { LINEAR_RUN_RULES } from "../../src/linear/run_options.ts";
import { LINEAR_PIPELINE_RULES } from "../../src/linear/settings.ts";
import { MANAGER_RULES } from "../../src/manager/manager.ts";
import { MONITOR_RULES } from "../../src/manager/monitor.ts";
import { DEAD_FRAME_RULES } from "../../src/manager/dead_frames.ts";
import { DEAD_LETTER_RULES } from "../../src/recording/record_dead_letters.ts";
import { TASK_RESTART_RULES } from "../../src/manager/restart.ts";
import { EVENT_SPEC_RULES, RING_RULES } from "../../src/manager/specs.ts";
import { TASK_RULES } from "../../src/pipeline/add_task.ts";
import { EVENT_RULES } from "../../src/pipeline/event.ts";
import { CARRY_RULES } from "../../src/pipeline/carry.ts";
import { MACHINE_RULES } from "../../src/pipeline/machines.ts";
import { EXPORT_RULES } from "../../src/cluster/export_kernel.ts";
import { REMOTE_REQUEST_RULES, REMOTE_RULES } from "../../src/cluster/remote_kernel.ts";
import { NATS_RULES } from "../../src/cluster/nats.ts";
import { NEWEST_PUBLISH_RULES, PUBLISH_RULES } from "../../src/cluster/publish.ts";
import { TCP_RULES } from "../../src/cluster/tcp.ts";
import { NEWEST_SUBSCRIBE_RULES, SUBSCRIBE_RULES } from "../../src/cluster/subscribe.ts";
import { RUN_RULES } from "../../src/pipeline/pipeline.ts";
import { STREAM_OPTION_RULES } from "../../src/pipeline/stream.ts";
import { POOL_RULES } from "../../src/pool/worker_pool.ts";
import { CONVERT_RULES } from "../../src/recording/convert_recording.ts";
import { RECORD_RULES } from "../../src/recording/record.ts";
import { REPLAY_RULES } from "../../src/recording/replay.ts";
import { LOOK_MANY_RULES } from "../../src/ring/frames.ts";
import { WAIT_RULES } from "../../src/ring/waiting.ts";
import { makeStream } from "../ring/_helpers.ts";
import { keeps, type Rule, type Rules } from "../../src/rules.ts";
import { DASHBOARD_RULES } from "../../src/view/live/dashboard.ts";
import { MERMAID_RULES } from "../../src/view/draw/draw_mermaid.ts";
import { SVG_RULES } from "../../src/view/draw/draw_svg.ts";
import { TABLE_RULES } from "../../src/view/draw/draw_table.ts";
import { TEXT_RULES } from "../../src/view/draw/draw_text.ts";

/** A call with options: what it takes besides those that are tried, and how it is made. */
interface Call {
  readonly rules: Rules;
  readonly given?: Readonly<Record<string, unknown>>;
  // deno-lint-ignore no-explicit-any
  readonly call: (options: any) => unknown;
}

const pipe = () => new Pipeline("p", import.meta);
const stream = { shape: [1], dtype: "int8" } as const;
const fn = (value: unknown) => value;
const node = () => new Node("n", fn);
const graph = () => {
  const start = node();
  return new Graph("g", { nodes: [start], start });
};
const linear = () => new LinearPipeline({ name: "options", nodes: [] });
const description = () => describePipeline(pipe());
/** Rules without that of the name, which is checked in words of its own. */
const unnamed = ({ name: _name, ...rules }: Rules): Rules => rules;
const Text = message<{ text: string }>("OptionsText");
let kernels = 0;
const serving = ringKernel({ id: "options kernel", module: import.meta, input: Text }, () => {});

export function task(_bindings: Record<string, never>): void {}

const CALLS: Readonly<Record<string, Call>> = {
  "new Pipeline": { rules: MANAGER_RULES, call: (options) => new Pipeline("p", import.meta, options) },
  "Pipeline.addStream": {
    rules: STREAM_OPTION_RULES,
    given: stream,
    call: (options) => pipe().addStream("s", options),
  },
  "Pipeline.addEvent": { rules: EVENT_RULES, call: (options) => pipe().addEvent("e", options) },
  "Pipeline.addTask": { rules: TASK_RULES.plain, given: { fn: task }, call: (options) => pipe().addTask("t", options) },
  "Pipeline.addTask: restart": {
    rules: TASK_RESTART_RULES,
    call: (restart) => pipe().addTask("t", { fn: task, restart } as never),
  },
  "Pipeline.run": { rules: RUN_RULES, call: (options) => pipe().run(options) },
  "Pipeline.start": { rules: MACHINE_RULES, call: (options) => pipe().start(options) },
  "Pipeline.compile": { rules: MACHINE_RULES, call: (options) => pipe().compile(options) },
  "Pipeline.addStream: carry": {
    rules: CARRY_RULES,
    call: (carry) => pipe().addStream("s", { ...stream, carry }),
  },
  tcp: { rules: TCP_RULES, call: (options) => tcp("tcp://hub:1", options) },
  nats: { rules: NATS_RULES, call: (options) => nats("nats://hub", options) },
  exportKernel: {
    rules: EXPORT_RULES,
    given: { transport: nats("nats://127.0.0.1:1") },
    call: (options) => exportKernel({ id: "k", ended: new Promise(() => {}), definition: serving } as never, options),
  },
  remoteKernel: {
    rules: REMOTE_RULES,
    given: { transport: nats("nats://127.0.0.1:1") },
    call: (options) => remoteKernel(serving, options),
  },
  "RemoteKernel.request": {
    rules: REMOTE_REQUEST_RULES,
    given: { timeoutMs: 1 },
    call: (options) => RemoteKernel.prototype.request.call({ id: "k" } as never, Text({ text: "" }), options),
  },
  publish: {
    rules: PUBLISH_RULES,
    given: { to: nats("nats://hub") },
    call: (options) => {
      const line = pipe();
      publish(line, line.addStream("s", stream), options);
    },
  },
  subscribe: {
    rules: SUBSCRIBE_RULES,
    given: { from: nats("nats://hub") },
    call: (options) => {
      const line = pipe();
      subscribe(line, line.addStream("s", stream), options);
    },
  },
  "publish: newest frames": {
    rules: NEWEST_PUBLISH_RULES,
    given: { to: nats("nats://hub") },
    call: (options) => {
      const line = pipe();
      publish(line, line.addStream("s", stream).latest, options);
    },
  },
  "subscribe: newest frames": {
    rules: NEWEST_SUBSCRIBE_RULES,
    given: { from: nats("nats://hub") },
    call: (options) => {
      const line = pipe();
      subscribe(line, line.addStream("s", stream).latest, options);
    },
  },
  "Pipeline.join": { rules: WAIT_RULES, call: (options) => pipe().join(options) },
  "Reader.lookManyAsync": {
    rules: LOOK_MANY_RULES,
    call: (options) => makeStream({ dtype: "int8" }).reader().lookManyAsync(1, options),
  },
  "Pipeline.startMonitor": { rules: MONITOR_RULES, call: (options) => pipe().startMonitor(options) },
  "Pipeline.serveDashboard": { rules: DASHBOARD_RULES, call: (options) => pipe().serveDashboard(options) },
  "new Manager": { rules: MANAGER_RULES, call: (options) => new Manager("m", options) },
  "Manager.addRing": {
    rules: unnamed(RING_RULES),
    given: { name: "r", bytes: 8 },
    call: (options) => new Manager("m").addRing(options),
  },
  "Manager.addEvent": {
    rules: unnamed(EVENT_SPEC_RULES),
    given: { name: "e" },
    call: (options) => new Manager("m").addEvent(options),
  },
  record: {
    rules: RECORD_RULES,
    given: { to: "/nowhere" },
    call: (options) => {
      const line = pipe();
      record(line, line.addStream("s", stream), options);
    },
  },
  replay: {
    rules: REPLAY_RULES,
    given: { from: "/nowhere" },
    call: (options) => {
      const line = pipe();
      replay(line, line.addStream("s", stream), options);
    },
  },
  recordDeadLetters: {
    rules: DEAD_LETTER_RULES,
    given: { to: "/dev/null/nowhere" },
    call: (options) => recordDeadLetters(pipe(), options),
  },
  "new Pipeline: deadLetters": {
    rules: DEAD_FRAME_RULES,
    call: (deadLetters) => new Pipeline("p", import.meta, { deadLetters }),
  },
  convertRecording: {
    rules: CONVERT_RULES,
    given: { to: "csv" },
    call: (options) => convertRecording("/nowhere", options),
  },
  "new RingKernelRuntime": { rules: RUNTIME_RULES, call: (options) => new RingKernelRuntime(options) },
  "ringKernel: restart": {
    rules: KERNEL_RESTART_RULES,
    call: (restart) => ringKernel({ id: `options ${kernels++}`, module: import.meta, input: Text, restart }, () => {}),
  },
  ringKernel: {
    rules: RING_KERNEL_RULES,
    given: { module: import.meta, input: Text },
    call: (options) => ringKernel({ id: `options ${kernels++}`, ...options }, () => {}),
  },
  "RingKernelRuntime.launch": {
    rules: LAUNCH_RULES,
    call: (options) =>
      new RingKernelRuntime().launch(
        "k",
        ringKernel({ id: `options ${kernels++}`, module: import.meta }, () => {}),
        options,
      ),
  },
  "new Graph": {
    rules: graphRules.GRAPH_RULES,
    call: (options) => new Graph("g", options),
  },
  "Graph.execute": { rules: graphRules.EXECUTE_RULES, call: (options) => graph().execute(1, options) },
  "Graph.resume": { rules: graphRules.RESUME_RULES, call: (options) => graph().resume("r", 1, options) },
  "Graph.deleteRun": { rules: graphRules.KEPT_RUN_RULES, call: (options) => graph().deleteRun("r", options) },
  "new RedisStore": {
    rules: graphRules.REDIS_STORE_RULES,
    given: { client: { get: fn, set: fn, del: fn, scanIterator: fn } },
    call: (options) => new RedisStore(options),
  },
  "Graph.stream": { rules: graphRules.STREAM_RULES, call: (options) => Array.fromAsync(graph().stream([1], options)) },
  "new Node": { rules: graphRules.NODE_RULES, call: (options) => new Node("n", fn, options) },
  "new FilterNode": { rules: graphRules.NODE_RULES, call: (options) => new FilterNode("n", () => true, options) },
  "new BatchNode": {
    rules: graphRules.BATCH_NODE_RULES,
    call: (options) => new BatchNode("n", (all: unknown[]) => all, options),
  },
  "new CachedNode": { rules: graphRules.CACHED_NODE_RULES, call: (options) => new CachedNode("n", fn, options) },
  "new LoopNode": {
    rules: graphRules.LOOP_NODE_RULES,
    given: { until: () => true, maxRounds: 1 },
    call: (options) => new LoopNode("n", fn as never, options),
  },
  "new FlatMapNode": {
    rules: graphRules.FLAT_MAP_NODE_RULES,
    given: { each: node() },
    call: (options) => new FlatMapNode("n", (all: unknown[]) => all, options),
  },
  "new WindowNode": {
    rules: graphRules.WINDOW_NODE_RULES,
    given: { weigh: () => 1 },
    call: (options) => new WindowNode("n", options),
  },
  "new StreamingNode": {
    rules: graphRules.STREAMING_NODE_RULES,
    given: { collect: (all: unknown[]) => all },
    call: (options) => new StreamingNode("n", async function* () {} as never, options),
  },
  "StreamingNodeOptions.cache": {
    rules: graphRules.CHUNK_CACHE_RULES,
    given: { namespace: "n" },
    // `true` is one of its values.
    call: (cache) =>
      new StreamingNode("n", async function* () {} as never, { cache: cache === true ? "true" as never : cache }),
  },
  "new ParallelNode": {
    rules: graphRules.PARALLEL_NODE_RULES,
    given: { module: import.meta },
    call: (options) => new ParallelNode("n", task as never, options),
  },
  "new MemoryStore": { rules: graphRules.MEMORY_STORE_RULES, call: (options) => new MemoryStore(options) },
  "new SqliteStore": {
    rules: graphRules.SQLITE_STORE_RULES,
    given: { path: ":memory:" },
    call: (options) => new SqliteStore(options),
  },
  "new Limiter": { rules: LIMITER_RULES, given: { concurrency: 1 }, call: (options) => new Limiter(options) },
  "new WorkerPool": { rules: POOL_RULES, given: { name: "w" }, call: (options) => new WorkerPool(options) },
  "new LinearNode": { rules: LINEAR_NODE_RULES, given: { name: "n", fn }, call: (options) => new LinearNode(options) },
  "new LinearPipeline": {
    rules: LINEAR_PIPELINE_RULES,
    given: { name: "options", nodes: [] },
    call: (options) => new LinearPipeline(options),
  },
  "LinearPipeline.run": { rules: LINEAR_RUN_RULES, call: (options) => linear().run(options) },
  drawSvg: { rules: SVG_RULES, call: (options) => drawSvg(description(), options) },
  drawText: { rules: TEXT_RULES, call: (options) => drawText(description(), options) },
  drawMermaid: { rules: MERMAID_RULES, call: (options) => drawMermaid(description(), options) },
  drawTable: {
    rules: TABLE_RULES,
    call: (options) => drawTable({ tasks: {}, streams: {}, sampledAt: 0, elapsedMs: 0, pid: 1, rssBytes: 1 }, options),
  },
};

/** Values of many kinds, and numbers and texts that are hardly in any range. */
const VALUES = [null, 5n, Symbol("s"), true, "text", 1, {}, [], () => {}];
const EXTREMES = [-1, NaN, -Infinity, 0.5, 1e300, "", "no such word", new Date(NaN), [0], {
  attempts: 0,
  then: "skip",
}];

async function errorOf(call: () => unknown): Promise<Error | null> {
  try {
    await call();
    return null;
  } catch (error) {
    return error as Error;
  }
}

/** What a rule refuses, with the class of the error. */
function* refusedBy(rule: Rule): Generator<readonly [value: unknown, kind: ErrorConstructor]> {
  const ofOtherKind = VALUES.find((value) => !rule.isKind(value));
  if (ofOtherKind !== undefined) yield [ofOtherKind, TypeError];
  const outOfRange = EXTREMES.find((value) => rule.isKind(value) && !keeps(rule, value));
  if (outOfRange !== undefined) yield [outOfRange, RangeError];
}

/** A choice with its last two letters exchanged, and what it is meant to be; `null` if the rule is no list of choices. */
function misspelt({ expected }: Rule): readonly [wrong: string, meant: string] | null {
  const texts = /^one of ([\w, -]+)$/.exec(expected)?.[1].split(", ") ?? [];
  const meant = texts.find((text) => text.length > 3 && text.at(-1) !== text.at(-2));
  return meant === undefined ? null : [meant.slice(0, -2) + meant.at(-1) + meant.at(-2), meant];
}

for (const [title, { rules, given, call }] of Object.entries(CALLS)) {
  Deno.test(`${title} refuses a text, a number or a list in place of its options`, async () => {
    for (const value of ["5", 5, [5], true]) {
      const error = await errorOf(() => call(value as never));
      ok(error instanceof TypeError || error instanceof RangeError, `${Deno.inspect(value)} gives ${error}`);
    }
  });

  const choices = Object.entries(rules).filter(([, rule]) => misspelt(rule) !== null);
  if (choices.length > 0) {
    Deno.test(`${title} says which choice a misspelt one is meant to be`, async () => {
      for (const [option, rule] of choices) {
        const [wrong, meant] = misspelt(rule)!;
        const error = await errorOf(() => call({ ...given, [option]: wrong }));
        ok(error?.message.includes(`received "${wrong}"; did you mean "${meant}"?`), `${option}: ${error}`);
      }
    });
  }

  Deno.test(`${title} refuses options of the wrong kind, out of range, and of unknown names`, async () => {
    for (const [option, rule] of Object.entries(rules)) {
      for (const [value, kind] of refusedBy(rule)) {
        const error = await errorOf(() => call({ ...given, [option]: value }));
        const what = `${option}: ${Deno.inspect(value)} gives ${error}`;
        ok(error instanceof kind, what);
        ok(error.message.includes(option) && error.message.includes("must"), what);
      }
    }
    const [known] = Object.keys(rules);
    const error = await errorOf(() => call({ ...given, [`${known}x`]: 1 }));
    ok(error instanceof TypeError, `${known}x gives ${error}`);
    ok(error.message.includes(`no option "${known}x"`) && error.message.includes("did you mean"), error.message);
  });
}

const permitted: Record<string, (permissions: Deno.PermissionOptions) => unknown> = {
  "Pipeline.addTask()": (permissions) =>
    pipe().addTask("t", { fn: () => {}, module: import.meta.url, permissions } as never),
  "Pipeline.reconstruct()": (permissions) => Pipeline.reconstruct("nowhere.toml", { permissions }),
  "Manager.addTask()": (permissions) =>
    new Manager("m").addTask({ name: "t", fn: "f", module: import.meta.url, permissions } as never),
  "new WorkerPool()": (permissions) => new WorkerPool({ name: "w", permissions }),
};
for (const [title, call] of Object.entries(permitted)) {
  Deno.test(`${title} says which permission a misspelt one is meant to be`, async () => {
    const near = [[{ raed: true }, "read"], [{ net: true, wirte: ["/tmp"] }, "write"], ["non", "none"]] as const;
    for (const [wrong, meant] of near) {
      await rejects(
        async () => await call(wrong as Deno.PermissionOptions),
        ({ message }: Error) => message.endsWith(`; did you mean "${meant}"?`) && message.includes("permissions"),
      );
    }
    await rejects(
      async () => await call({ bogus: true } as Deno.PermissionOptions),
      ({ message }: Error) => message.endsWith("received { bogus: true }"),
    );
  });
}
