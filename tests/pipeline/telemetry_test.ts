/** A whole program that exports to a collector: this one, on loopback. */

import { fileURLToPath } from "node:url";
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { freePort } from "../_free_port.ts";

const ROOT = new URL("../../", import.meta.url);

interface Value {
  stringValue?: string;
}
type Attributes = readonly { key: string; value: Value }[];

interface Span {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: Attributes;
  readonly events: readonly { name: string; attributes: Attributes }[];
  readonly status: { code?: number; message?: string };
}

interface Point {
  readonly attributes: Attributes;
  readonly asDouble?: number;
  readonly asInt?: string | number;
}

interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly gauge?: { dataPoints: readonly Point[] };
  readonly sum?: { dataPoints: readonly Point[] };
}

/** What a collector has received. */
interface Received {
  readonly spans: Span[];
  readonly metrics: Metric[];
  readonly output: string;
}

const textOf = (attributes: Attributes, key: string) => attributes.find((each) => each.key === key)?.value.stringValue;

/** Runs a program with Deno's exporter turned on, or not, and returns what it sent to a collector. */
async function collectFrom(script: string, isOn = true): Promise<Received> {
  const received: Received = { spans: [], metrics: [], output: "" };
  // deno-lint-ignore no-explicit-any
  const take = (path: string, body: any) => {
    for (const resource of body.resourceSpans ?? []) {
      for (const { scope, spans } of resource.scopeSpans) {
        if (scope.name === "@ringmill/ringmill") received.spans.push(...spans);
      }
    }
    for (const resource of body.resourceMetrics ?? []) {
      for (const { scope, metrics } of resource.scopeMetrics) {
        if (scope.name === "@ringmill/ringmill") received.metrics.push(...metrics);
      }
    }
    return new Response(path);
  };
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    return take(new URL(request.url).pathname, await request.json());
  });
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/main.ts`, script.replaceAll("MOD", new URL("mod.ts", ROOT).href));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--config", fileURLToPath(new URL("deno.json", ROOT)), `${folder}/main.ts`],
      env: {
        NO_COLOR: "1",
        OTEL_DENO: String(isOn),
        OTEL_DENO_CONSOLE: "ignore",
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.addr.port}`,
      },
    }).output();
    const text = new TextDecoder();
    equal(text.decode(stderr), "");
    equal(code, 0);
    return { ...received, output: text.decode(stdout) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const LINE = `
  import { Pipeline } from "MOD";
  export function source({ numbers }) {
    for (let n = 0; n < 1000; n++) numbers.write(Float32Array.of(n, -n), Infinity);
  }
  export function sink({ numbers }) {
    for (const [n] of numbers) if (n === LIMIT) throw new RangeError("too many");
  }
  if (import.meta.main) {
    await using pipe = new Pipeline("line", import.meta);
    const numbers = pipe.addStream("numbers", { shape: [2], dtype: "float32" });
    pipe.addTask("source", { fn: source, writes: { numbers } });
    pipe.addTask("sink", { fn: sink, reads: { numbers } });
    await pipe.run().catch(() => {});
    console.log(Symbol.for("opentelemetry.js.api.1") in globalThis);
  }`;

Deno.test("A pipeline's run and its tasks are spans, and its figures are metrics, of OpenTelemetry", async () => {
  const { spans, metrics } = await collectFrom(LINE.replace("LIMIT", "-1"));
  const whole = spans.find(({ name }) => name === "pipeline line")!;
  const tasks = spans.filter(({ name }) => name.startsWith("task "));
  deepEqual(tasks.map(({ name }) => name).toSorted(), ["task sink", "task source"]);
  for (const { parentSpanId, attributes, status } of tasks) {
    equal(parentSpanId, whole.spanId);
    equal(textOf(attributes, "ringmill.pipeline"), "line");
    ok(status.code !== 2);
  }
  const names = new Set(metrics.map(({ name }) => name));
  for (const name of ["task.cpu.utilization", "task.heap.used", "task.blocked", "stream.pressure", "task.frames"]) {
    ok(names.has(`ringmill.${name}`), name);
  }
  const points = metrics.filter(({ name }) => name === "ringmill.task.io").at(-1)!.sum!.dataPoints;
  const bytes = points.map(({ attributes, asDouble, asInt }) => [
    textOf(attributes, "ringmill.task"),
    textOf(attributes, "ringmill.direction"),
    textOf(attributes, "ringmill.stream"),
    Number(asDouble ?? asInt),
  ]);
  deepEqual(bytes.toSorted(), [["sink", "in", "numbers", 8000], ["source", "out", "numbers", 8000]]);
});

Deno.test("A task that fails is a span with its error", async () => {
  const { spans } = await collectFrom(LINE.replace("LIMIT", "500"));
  for (const name of ["task sink", "pipeline line"]) {
    const { status, events } = spans.find((span) => span.name === name)!;
    equal(status.code, 2);
    match(status.message!, /task "sink" failed: it threw RangeError: too many/i);
    equal(textOf(events[0].attributes, "exception.type"), "RangeError");
  }
  ok(spans.find(({ name }) => name === "task source")!.status.code !== 2);
});

Deno.test("Restarts, skipped frames and dead letters are metrics, and each restart is two events of its task's span", async () => {
  const { spans, metrics } = await collectFrom(`
    import { Pipeline } from "MOD";
    export function source({ numbers }) {
      for (let n = 0; n < 10; n++) numbers.write(Float32Array.of(n), Infinity);
    }
    export function sink({ numbers }, { params }) {
      for (const [n] of numbers) if (params.includes(n)) throw new RangeError("bad " + n);
    }
    if (import.meta.main) {
      await using pipe = new Pipeline("line", import.meta);
      const numbers = pipe.addStream("numbers", { shape: [1], dtype: "float32" });
      pipe.addTask("source", { fn: source, writes: { numbers } });
      for (const [name, then, params] of [["skips", "skip", [3, 4]], ["buries", "deadLetters", [5]]]) {
        const restart = { backoffMs: 0, onFailedFrame: { attempts: 1, then } };
        pipe.addTask(name, { fn: sink, reads: { numbers }, params, restart });
      }
      await pipe.run();
    }`);
  const sums = (name: string) =>
    metrics.filter((metric) => metric.name === `ringmill.task.${name}`).at(-1)!.sum!.dataPoints
      .map(({ attributes, asDouble, asInt }) => [textOf(attributes, "ringmill.task"), Number(asDouble ?? asInt)])
      .toSorted();
  deepEqual(sums("restarts"), [["buries", 1], ["skips", 2]]);
  deepEqual(sums("frames.skipped"), [["skips", 2]]);
  deepEqual(sums("frames.dead"), [["buries", 1]]);
  const { events, status } = spans.find(({ name }) => name === "task skips")!;
  deepEqual(events.map(({ name }) => name), ["exception", "ringmill.restart", "exception", "ringmill.restart"]);
  match(textOf(events[1].attributes, "ringmill.error")!, /Task "skips" failed: it threw RangeError: bad 3/);
  ok(status.code !== 2);
});

Deno.test("Links between programs are metrics", async () => {
  const port = freePort();
  const { metrics } = await collectFrom(`
    import { Pipeline } from "MOD";
    import { publish, subscribe, tcp } from "@ringmill/ringmill/cluster";
    export function source({ numbers }) {
      for (let n = 0; n < 100; n++) numbers.write(Float32Array.of(n), Infinity);
    }
    export function sink({ numbers }) {
      for (const _ of numbers);
    }
    if (import.meta.main) {
      const ends = ["edge", "hub"].map((name) => {
        const pipe = new Pipeline(name, import.meta);
        return { pipe, numbers: pipe.addStream("numbers", { shape: [1], dtype: "float32" }) };
      });
      const [edge, hub] = ends;
      const transport = tcp("tcp://127.0.0.1:${port}");
      edge.pipe.addTask("source", { fn: source, writes: { numbers: edge.numbers } });
      publish(edge.pipe, edge.numbers, { to: transport, link: "numbers", readers: ["hub"] });
      subscribe(hub.pipe, hub.numbers, { from: transport, link: "numbers", reader: "hub" });
      hub.pipe.addTask("sink", { fn: sink, reads: { numbers: hub.numbers } });
      await Promise.all(ends.map(({ pipe }) => pipe.run()));
      for (const { pipe } of ends) await pipe.close();
    }`);
  const last = (name: string) => metrics.filter((metric) => metric.name === `ringmill.link.${name}`).at(-1)!;
  const [io] = last("io").sum!.dataPoints;
  ok(Number(io.asDouble ?? io.asInt) >= 400);
  equal(last("io").unit, "By");
  const held = last("lag").gauge!.dataPoints.map(({ attributes }) =>
    ["task", "stream", "peers"].map((key) => textOf(attributes, `ringmill.${key}`))
  );
  deepEqual(held.toSorted(), [["publish numbers", "numbers", "hub"], ["subscribe numbers", "numbers", "numbers"]]);
  for (const name of ["lag.time", "connected", "peer.lost"]) equal(last(name).gauge!.dataPoints.length, 2);
  for (const name of ["resends", "reconnects"]) equal(last(name).sum!.dataPoints.length, 2);
});

Deno.test("Nothing is sent, and the API is not loaded, where OpenTelemetry is off", async () => {
  const { spans, metrics, output } = await collectFrom(LINE.replace("LIMIT", "-1"), false);
  deepEqual([spans.length, metrics.length], [0, 0]);
  equal(output.trim(), "false");
});
