/** OpenTelemetry spans of what runs in steps: one for the whole, and one within it for each step. */

import {
  activeContext,
  contextWithin,
  endSpan,
  runWithin,
  type TelemetryAttributes,
  type TelemetryContext,
  type TelemetrySpan,
  type Tracer,
} from "./open_telemetry.ts";

/** Ends a span: as a failed one, if something was thrown. */
function endAfter(span: TelemetrySpan, error: unknown): void {
  if (error === undefined) return endSpan(span);
  const thrown = error instanceof Error ? error : String(error);
  endSpan(span, { thrown, message: typeof thrown === "string" ? thrown : thrown.message });
}

/** A span of the whole, and those within it. */
export class SpanTree {
  readonly #tracer: Tracer;
  readonly #attributes: TelemetryAttributes;
  readonly #root: TelemetrySpan;
  readonly #context: TelemetryContext;

  /** Begins the span of the whole. `attributes` are those of all spans, `own` of this one only. */
  constructor(tracer: Tracer, title: string, attributes: TelemetryAttributes, own?: TelemetryAttributes) {
    this.#tracer = tracer;
    this.#attributes = attributes;
    this.#root = tracer.startSpan(title, { attributes: { ...attributes, ...own } });
    this.#context = contextWithin(activeContext(), this.#root);
  }

  /** Ends the span of the whole: as a failed one, unless `error` is undefined. */
  end(error: unknown): void {
    endAfter(this.#root, error);
  }

  /** Does `work` in a span of its own, which spans that it starts itself are within. */
  async within<Result>(title: string, own: TelemetryAttributes, work: () => Promise<Result>): Promise<Result> {
    const span = this.#tracer.startSpan(title, { attributes: { ...this.#attributes, ...own } }, this.#context);
    let error: unknown;
    try {
      return await runWithin(contextWithin(this.#context, span), work);
    } catch (thrown) {
      error = thrown ?? String(thrown);
      throw thrown;
    } finally {
      endAfter(span, error);
    }
  }
}
