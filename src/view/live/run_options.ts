/** Options of a dashboard of something that is looked at from time to time. */

import { checkInterval } from "../../manager/monitor.ts";
import { anything, checkOptions, type Rules } from "../../rules.ts";
import { DASHBOARD_RULES, type DashboardOptions } from "./dashboard.ts";

/** Options of the dashboard of a pipeline, or of a runtime of kernels. */
export interface RunDashboardOptions extends DashboardOptions {
  /**
   * Milliseconds from one update to the next, 10 or more.
   *
   * @default {500}
   */
  intervalMs?: number;
}

/** The rules of {@link RunDashboardOptions}. */
const RUN_DASHBOARD_RULES: Rules = { ...DASHBOARD_RULES, intervalMs: anything };

/** Options that are complete, but for those that are made when it is served. */
export type CompleteRunOptions = DashboardOptions & Required<Pick<RunDashboardOptions, "intervalMs">>;

/** Fills in the defaults and checks what no type can. */
export function completeOptions(name: string, options: RunDashboardOptions): CompleteRunOptions {
  checkOptions(`serve the dashboard of "${name}"`, options, RUN_DASHBOARD_RULES);
  const { intervalMs = 500, ...rest } = options;
  checkInterval(name, intervalMs);
  return { ...rest, intervalMs };
}
