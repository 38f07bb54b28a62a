import { deepEqual, match, ok, rejects } from "node:assert/strict";
import { Node } from "@ringmill/ringmill/graph";
import { type Context, context, type Span, trace } from "@opentelemetry/api";
import { AsyncLocalStorage } from "node:async_hooks";
import { fileURLToPath } from "node:url";
import { chain, flaky } from "./_helpers.ts";

/** What a span has recorded. */
interface Recorded {
  readonly name: string;
  readonly parent: string | undefined;
  readonly attributes: Record<string, unknown>;
  readonly problems: string[];
  ended: boolean;
}

/** Registers a provider of spans, and a manager of contexts, for the time of a test. */
function recordSpans() {
  const spans: Recorded[] = [];
  const names = new WeakMap<Span, string>();
  const storage = new AsyncLocalStorage<Context>();
  const root = context.active();
  const startSpan = (
    name: string,
    options: { attributes?: Record<string, unknown> } = {},
    within = context.active(),
  ) => {
    const parent = trace.getSpan(within);
    const attributes = { ...options.attributes };
    const recorded: Recorded = { name, parent: parent && names.get(parent), attributes, problems: [], ended: false };
    spans.push(recorded);
    const span = {
      recordException: (error: Error) => recorded.problems.push(error.message),
      setStatus: ({ code }: { code: number }) => recorded.problems.push(`status ${code}`),
      end: () => recorded.ended = true,
    } as unknown as Span;
    names.set(span, name);
    return span;
  };
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan, startActiveSpan: () => undefined as never }) });
  context.setGlobalContextManager({
    active: () => storage.getStore() ?? root,
    with: (active, fn, thisArg, ...args) => storage.run(active, () => Reflect.apply(fn, thisArg, args)),
    bind: (_, target) => target,
    enable() {
      return this;
    },
    disable() {
      return this;
    },
  });
  const dispose = () => {
    trace.disable();
    context.disable();
  };
  return { spans, startSpan, [Symbol.dispose]: dispose };
}

Deno.test("OpenTelemetry gets a span for each execution, and one within it for each attempt", async () => {
  using recorder = recordSpans();
  const inner = new Node("inner", async (n: number) => {
    await Promise.resolve();
    recorder.startSpan("own").end();
    return n;
  });
  await chain(flaky(), inner).execute(1);
  deepEqual(recorder.spans.map(({ name, parent }) => [name, parent]), [
    ["graph test", undefined],
    ["node flaky", "graph test"],
    ["node flaky", "graph test"],
    ["node inner", "graph test"],
    ["own", "node inner"],
  ]);
  deepEqual(recorder.spans.map(({ problems }) => problems), [[], ["no", "status 2"], [], [], []]);
  ok(recorder.spans.every(({ ended }) => ended));
  deepEqual(recorder.spans[2].attributes, {
    "ringmill.graph": "test",
    "ringmill.node": "flaky",
    "ringmill.attempt": 2,
  });
});

Deno.test("OpenTelemetry's spans end with the error of an execution that fails", async () => {
  using recorder = recordSpans();
  const bad = new Node("bad", () => Promise.reject(new Error("no")));
  await rejects(chain(bad).execute(1));
  deepEqual(recorder.spans.map(({ name, problems, ended }) => [name, problems.length, ended]), [
    ["graph test", 2, true],
    ["node bad", 2, true],
  ]);
});

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

/** What Deno prints. */
async function outputOf(args: string[], env: Record<string, string> = {}): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), { args, env: { NO_COLOR: "1", ...env } });
  const { stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return text.decode(stdout) + text.decode(stderr);
}

Deno.test("Deno's own OpenTelemetry gets the spans from the first execution on, also of one that is cancelled at once", async () => {
  const program = `
    import { Graph, Node } from "@ringmill/ringmill/graph";
    const node = new Node("double", (n) => 2 * n), graph = new Graph("numbers", { nodes: [node], start: node });
    const early = graph.start(1);
    early.cancel();
    await early.results.catch((error) => console.log(error.name, early.status.double));
    await early.settled;
    console.log(await graph.execute(21, { output: node }));`;
  const env = { OTEL_DENO: "true", OTEL_DENO_CONSOLE: "ignore", OTEL_EXPORTER_OTLP_PROTOCOL: "console" };
  const output = await outputOf(["eval", "--config", CONFIG, program], env);
  match(output, /^AbortError cancelled\n42\n/);
  deepEqual(output.match(/(?<=^SPAN )\w+ \w+/gm)?.toSorted(), [
    "graph numbers",
    "graph numbers",
    "node double",
    "node double",
  ]);
});
