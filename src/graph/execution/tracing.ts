/** OpenTelemetry spans: one for an execution, and one within it for each call of a node. Loaded where they are wanted. */

import { context, type Span, SpanStatusCode, trace, type Tracer } from "@opentelemetry/api";

/** Begins the trace of an execution. */
export type BeginTrace = (graph: string, run: number) => RunTrace;

/** What begins traces with the provider that is registered now. */
export function beginTraces(): BeginTrace {
  const tracer = trace.getTracer("@ringmill/ringmill/graph");
  return (graph, run) => new RunTrace(tracer, graph, run);
}

function endSpan(span: Span, error: unknown): void {
  if (error !== undefined) {
    const message = error instanceof Error ? error.message : String(error);
    span.recordException(error instanceof Error ? error : message);
    span.setStatus({ code: SpanStatusCode.ERROR, message });
  }
  span.end();
}

/** The spans of one execution. */
export class RunTrace {
  readonly #tracer: Tracer;
  readonly #graph: string;
  readonly #root: Span;
  readonly #context: ReturnType<typeof context.active>;

  /** Begins the execution's span. */
  constructor(tracer: Tracer, graph: string, run: number) {
    this.#tracer = tracer;
    this.#graph = graph;
    this.#root = tracer.startSpan(`graph ${graph}`, { attributes: { "ringmill.graph": graph, "ringmill.run": run } });
    this.#context = trace.setSpan(context.active(), this.#root);
  }

  /** Ends the execution's span. */
  end(error: unknown): void {
    endSpan(this.#root, error);
  }

  /** Runs one attempt of a node in a span of its own, which spans that it starts itself are within. */
  async attempt<Output>(node: string, attempt: number, work: () => Promise<Output>): Promise<Output> {
    const attributes = { "ringmill.graph": this.#graph, "ringmill.node": node, "ringmill.attempt": attempt };
    const span = this.#tracer.startSpan(`node ${node}`, { attributes }, this.#context);
    let error: unknown;
    try {
      return await context.with(trace.setSpan(this.#context, span), work);
    } catch (thrown) {
      error = thrown ?? String(thrown);
      throw thrown;
    } finally {
      endSpan(span, error);
    }
  }
}
