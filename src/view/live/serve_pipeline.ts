/** The dashboard of a pipeline. */

import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { Manager } from "../../worker/manager.ts";
import { checkInterval } from "../../worker/monitor.ts";
import { describePipeline } from "../describe_pipeline.ts";
import { checkPort, type Dashboard, type DashboardOptions, serveDashboard } from "./dashboard.ts";
import { PipelineSource } from "./pipeline_source.ts";

/** Options of the dashboard of a pipeline. */
export interface PipelineDashboardOptions extends DashboardOptions {
  /**
   * Milliseconds from one update to the next, 10 or more.
   *
   * @default {500}
   */
  intervalMs?: number;
}

/** Fills in the defaults and checks what no type can. */
export function completeOptions(name: string, options: PipelineDashboardOptions): Required<PipelineDashboardOptions> {
  const { port = 0, intervalMs = 500 } = options;
  checkPort(name, port);
  checkInterval(name, intervalMs);
  return { port, intervalMs };
}

/** Serves the dashboard of a pipeline that is compiled. */
export function servePipeline(
  pipe: Pipeline,
  manager: Manager,
  { port, intervalMs }: Required<PipelineDashboardOptions>,
): Dashboard {
  return serveDashboard(new PipelineSource(describePipeline(pipe), manager, intervalMs), { port });
}
