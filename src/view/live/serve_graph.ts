/** The dashboard of a graph of async nodes. */

import { type Dashboard, serveDashboard } from "./dashboard.ts";
import { GraphSource, type ListenToGraph, type LiveGraph } from "./graph_source.ts";
import { completeOptions, type RunDashboardOptions } from "./run_options.ts";

/** Serves the dashboard of a graph that is open. */
export function serveGraph(graph: LiveGraph, listen: ListenToGraph, options: RunDashboardOptions): Dashboard {
  const { intervalMs, ...rest } = completeOptions(graph.name, options);
  return serveDashboard(new GraphSource(graph, listen, intervalMs), rest);
}
