/** The dashboard of a pipeline. */

import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { Manager } from "../../manager/manager.ts";
import { describePipeline } from "../describe/describe_pipeline.ts";
import { type Dashboard, serveDashboard } from "./dashboard.ts";
import { PipelineSource } from "./pipeline_source.ts";
import type { CompleteRunOptions } from "./run_options.ts";

export { completeOptions } from "./run_options.ts";

/** Serves the dashboard of a pipeline that is compiled. */
export function servePipeline(
  pipe: Pipeline,
  manager: Manager,
  { intervalMs, ...rest }: CompleteRunOptions,
): Dashboard {
  return serveDashboard(new PipelineSource(describePipeline(pipe), manager, pipe.streams, intervalMs), rest);
}
