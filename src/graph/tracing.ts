/** OpenTelemetry spans: one for an execution, and one within it for each call of a node. */

import { context, ProxyTracerProvider, type Span, SpanStatusCode, trace, type Tracer } from "@opentelemetry/api";

/** What the API has where nobody has registered a provider. */
const NONE = new ProxyTracerProvider().getDelegate();

/** The registered tracer, or `null`. */
export function activeTracer(): Tracer | null {
  const provider = trace.getTracerProvider();
  const isNone = provider instanceof ProxyTracerProvider && provider.getDelegate() === NONE;
  return isNone ? null : provider.getTracer("@ringmill/ringmill/graph");
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
