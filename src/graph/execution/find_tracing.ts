/** Looks whether somebody wants traces. Where nobody has registered a provider, OpenTelemetry's API is not even loaded. */

import type { BeginTrace } from "./tracing.ts";

/** Whether there are traces. */
export interface Tracing {
  /** `null` if nobody wants any. */
  begin: BeginTrace | null;
  /** While that is being found out, for the first time. */
  loading: Promise<void> | null;
}

/** Where the API keeps its providers. */
const PROVIDERS = Symbol.for("opentelemetry.js.api.1");

let loaded: typeof import("./tracing.ts") | undefined;

async function load(tracing: Tracing): Promise<void> {
  loaded = await import("./tracing.ts");
  tracing.begin = loaded.beginTraces();
  tracing.loading = null;
}

/** Looks for a provider of traces. */
export function findTracing(): Tracing {
  const { trace } = Reflect.get(globalThis, PROVIDERS) ?? {}, tracing: Tracing = { begin: null, loading: null };
  if (trace && loaded) tracing.begin = loaded.beginTraces();
  else if (trace) tracing.loading = load(tracing);
  return tracing;
}
