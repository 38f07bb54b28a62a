import { deepEqual, equal, rejects } from "node:assert/strict";
import { quietPipeline } from "./_helpers.ts";

/** What a provider of traces is told. */
interface SpanRecord {
  readonly name: string;
  readonly attributes: unknown;
  readonly within: string | undefined;
  status?: number;
  isEnded?: boolean;
}

const PROVIDERS = Symbol.for("opentelemetry.js.api.1");
const SPAN = Symbol.for("OpenTelemetry Context Key SPAN");

/** Registers a provider that notes the spans, runs `work`, and returns them. */
async function traced(work: () => Promise<unknown>): Promise<SpanRecord[]> {
  const spans: SpanRecord[] = [];
  // deno-lint-ignore no-explicit-any
  const startSpan = (name: string, { attributes }: any, context?: any) => {
    const record: SpanRecord = { name, attributes, within: context?.getValue(SPAN)?.record.name };
    spans.push(record);
    return {
      record,
      recordException() {},
      setStatus: ({ code }: { code: number }) => record.status = code,
      end: () => record.isEnded = true,
    };
  };
  Reflect.set(globalThis, PROVIDERS, { trace: { getTracer: () => ({ startSpan }) } });
  try {
    await work();
  } finally {
    Reflect.deleteProperty(globalThis, PROVIDERS);
  }
  return spans;
}

Deno.test("LinearPipeline.run() has a span for the run, and one within it for each call of a node", async () => {
  const spans = await traced(async () => {
    const pipeline = quietPipeline([
      { name: "one", fn: () => 1, outputs: ["x"] },
      {
        name: "two",
        fn: () => {
          throw new Error("no");
        },
        inputs: ["x"],
      },
    ], { name: "shown" });
    await rejects(pipeline.run());
  });
  deepEqual(spans.map(({ name, within, status }) => [name, within, status]), [
    ["linear pipeline shown", undefined, 2],
    ["node one", "linear pipeline shown", undefined],
    ["node two", "linear pipeline shown", 2],
  ]);
  deepEqual(spans[2].attributes, { "ringmill.pipeline": "shown", "ringmill.node": "two" });
  equal(spans.every(({ isEnded }) => isEnded), true);
});
