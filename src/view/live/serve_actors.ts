/** The dashboard of a runtime of kernels. */

import type { RingKernelRuntime } from "../../actors/runtime.ts";
import { ActorsSource } from "./actors_source.ts";
import { type Dashboard, serveDashboard } from "./dashboard.ts";
import { completeOptions, type RunDashboardOptions } from "./run_options.ts";

/** Serves the dashboard of a runtime that is open. */
export function serveActors(runtime: RingKernelRuntime, options: RunDashboardOptions): Dashboard {
  const { intervalMs, ...rest } = completeOptions("actors", options);
  return serveDashboard(new ActorsSource(runtime, intervalMs), rest);
}
