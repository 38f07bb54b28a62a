/** OpenTelemetry spans: one for an execution, and one within it for each call of a node. */

import {
  activeContext,
  contextWithin,
  endSpan,
  findTracer,
  runWithin,
  type TelemetryContext,
  type TelemetrySpan,
  type Tracer,
} from "../../open_telemetry.ts";

/** Begins the trace of an execution. */
export type BeginTrace = (graph: string, run: number) => RunTrace;

/** What begins traces with the provider that is registered now; `null` if there is none. */
export function findTracing(): BeginTrace | null {
  const tracer = findTracer("@ringmill/ringmill/graph");
  return tracer && ((graph, run) => new RunTrace(tracer, graph, run));
}

function end(span: TelemetrySpan, error: unknown): void {
  if (error === undefined) return endSpan(span);
  const message = error instanceof Error ? error.message : String(error);
  endSpan(span, { thrown: error instanceof Error ? error : message, message });
}

/** The spans of one execution. */
export class RunTrace {
  readonly #tracer: Tracer;
  readonly #graph: string;
  readonly #root: TelemetrySpan;
  readonly #context: TelemetryContext;

  /** Begins the execution's span. */
  constructor(tracer: Tracer, graph: string, run: number) {
    this.#tracer = tracer;
    this.#graph = graph;
    this.#root = tracer.startSpan(`graph ${graph}`, { attributes: { "ringmill.graph": graph, "ringmill.run": run } });
    this.#context = contextWithin(activeContext(), this.#root);
  }

  /** Ends the execution's span. */
  end(error: unknown): void {
    end(this.#root, error);
  }

  /** Runs one attempt of a node in a span of its own, which spans that it starts itself are within. */
  async attempt<Output>(node: string, attempt: number, work: () => Promise<Output>): Promise<Output> {
    const attributes = { "ringmill.graph": this.#graph, "ringmill.node": node, "ringmill.attempt": attempt };
    const span = this.#tracer.startSpan(`node ${node}`, { attributes }, this.#context);
    let error: unknown;
    try {
      return await runWithin(contextWithin(this.#context, span), work);
    } catch (thrown) {
      error = thrown ?? String(thrown);
      throw thrown;
    } finally {
      end(span, error);
    }
  }
}
