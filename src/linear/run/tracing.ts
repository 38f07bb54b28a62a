/** OpenTelemetry spans: one for a run, and one within it for each call of a node. */

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

/** Begins the spans of a run; `null` if nobody wants any. */
export function beginTrace(pipeline: string): LinearTrace | null {
  const tracer = findTracer("@ringmill/ringmill/linear");
  return tracer && new LinearTrace(tracer, pipeline);
}

function end(span: TelemetrySpan, error: unknown): void {
  if (error === undefined) return endSpan(span);
  const thrown = error instanceof Error ? error : String(error);
  endSpan(span, { thrown, message: typeof thrown === "string" ? thrown : thrown.message });
}

/** The spans of one run. */
export class LinearTrace {
  readonly #tracer: Tracer;
  readonly #pipeline: string;
  readonly #root: TelemetrySpan;
  readonly #context: TelemetryContext;

  /** Begins the run's span. */
  constructor(tracer: Tracer, pipeline: string) {
    this.#tracer = tracer;
    this.#pipeline = pipeline;
    this.#root = tracer.startSpan(`linear pipeline ${pipeline}`, { attributes: { "ringmill.pipeline": pipeline } });
    this.#context = contextWithin(activeContext(), this.#root);
  }

  /** Ends the run's span. */
  end(error: unknown): void {
    end(this.#root, error);
  }

  /** Calls a node in a span of its own, which spans that it starts itself are within. */
  async node<Result>(node: string, work: () => Promise<Result>): Promise<Result> {
    const attributes = { "ringmill.pipeline": this.#pipeline, "ringmill.node": node };
    const span = this.#tracer.startSpan(`node ${node}`, { attributes }, this.#context);
    let failure: unknown;
    try {
      return await runWithin(contextWithin(this.#context, span), work);
    } catch (thrown) {
      failure = thrown ?? String(thrown);
      throw thrown;
    } finally {
      end(span, failure);
    }
  }
}
