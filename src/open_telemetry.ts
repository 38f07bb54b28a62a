/**
 * OpenTelemetry without its API package: the providers that a program, or Deno with `OTEL_DENO=true`, has registered are
 * found where version 1 of the API keeps them, and spoken to directly. Programs that trace nothing need not fetch it.
 */

/** Facts about a span or a measured value. */
export type TelemetryAttributes = Readonly<Record<string, string | number | boolean>>;

/** Values that belong to a call and all that it calls, the active span among them. */
export interface TelemetryContext {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): TelemetryContext;
  deleteValue(key: symbol): TelemetryContext;
}

/** A span that has begun. */
export interface TelemetrySpan {
  addEvent(name: string, attributes?: TelemetryAttributes): unknown;
  recordException(exception: Error | string): void;
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  end(): void;
}

/** What begins spans. */
export interface Tracer {
  startSpan(
    name: string,
    options?: { readonly attributes?: TelemetryAttributes },
    within?: TelemetryContext,
  ): TelemetrySpan;
}

/** A value that changes. */
export interface Gauge {
  record(value: number, attributes?: TelemetryAttributes): void;
}

/** A sum that grows. */
export interface Counter {
  add(value: number, attributes?: TelemetryAttributes): void;
}

/** What makes instruments. */
export interface Meter {
  createGauge(name: string, options: { readonly unit: string; readonly description: string }): Gauge;
  createCounter(name: string, options: { readonly unit: string; readonly description: string }): Counter;
}

/** What a program has registered. Each may be missing. */
interface Providers {
  readonly trace?: { getTracer(name: string): Tracer };
  readonly metrics?: { getMeter(name: string): Meter };
  readonly context?: {
    active(): TelemetryContext;
    with<Result>(context: TelemetryContext, work: () => Result): Result;
  };
}

/** Where the API keeps them. */
const PROVIDERS = Symbol.for("opentelemetry.js.api.1");
/** Where a context keeps the active span. */
const SPAN = Symbol.for("OpenTelemetry Context Key SPAN");
const STATUS_ERROR = 2;

function providers(): Providers {
  return Reflect.get(globalThis, PROVIDERS) ?? {};
}

/** Whether the program has registered any provider. */
export function isTelemetryOn(): boolean {
  return PROVIDERS in globalThis;
}

/** What begins spans; `null` if no provider of traces is registered. */
export function findTracer(name: string): Tracer | null {
  return providers().trace?.getTracer(name) ?? null;
}

/** What makes instruments; `null` if no provider of metrics is registered. */
export function findMeter(name: string): Meter | null {
  return providers().metrics?.getMeter(name) ?? null;
}

/** The context of the caller. */
export function activeContext(): TelemetryContext {
  return providers().context?.active() ?? new PlainContext(new Map());
}

/** The same context with a span as the active one: spans that begin within it are its children. */
export function contextWithin(context: TelemetryContext, span: TelemetrySpan): TelemetryContext {
  return context.setValue(SPAN, span);
}

/** Calls `work` in a context, if the program keeps contexts. */
export function runWithin<Result>(context: TelemetryContext, work: () => Result): Result {
  const manager = providers().context;
  return manager ? manager.with(context, work) : work();
}

/** Ends a span: as a failed one, if there is an error. */
export function endSpan(
  span: TelemetrySpan,
  error?: { readonly thrown: Error | string; readonly message: string },
): void {
  if (error) {
    span.recordException(error.thrown);
    span.setStatus({ code: STATUS_ERROR, message: error.message });
  }
  span.end();
}

/** A context for programs that have registered nothing that keeps any. */
class PlainContext implements TelemetryContext {
  readonly #values: ReadonlyMap<symbol, unknown>;

  constructor(values: ReadonlyMap<symbol, unknown>) {
    this.#values = values;
  }

  getValue(key: symbol): unknown {
    return this.#values.get(key);
  }

  setValue(key: symbol, value: unknown): TelemetryContext {
    return new PlainContext(new Map(this.#values).set(key, value));
  }

  deleteValue(key: symbol): TelemetryContext {
    return new PlainContext(new Map(Array.from(this.#values).filter(([known]) => known !== key)));
  }
}
