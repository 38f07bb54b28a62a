/** Options of a dashboard of something that is looked at from time to time. */

import { checkInterval } from "../../manager/monitor.ts";
import { checkPort, type DashboardOptions } from "./dashboard.ts";

/** Options of the dashboard of a pipeline, or of a runtime of kernels. */
export interface RunDashboardOptions extends DashboardOptions {
  /**
   * Milliseconds from one update to the next, 10 or more.
   *
   * @default {500}
   */
  intervalMs?: number;
}

/** Fills in the defaults and checks what no type can. */
export function completeOptions(name: string, options: RunDashboardOptions): Required<RunDashboardOptions> {
  const { port = 0, intervalMs = 500 } = options;
  checkPort(name, port);
  checkInterval(name, intervalMs);
  return { port, intervalMs };
}
