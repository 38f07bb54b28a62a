/** What a pool and its workers send each other, as lists of values. */

import type { ErrorReport } from "../../worker/error_report.ts";
import type { ExportTarget } from "../../worker/export_target.ts";

/** A call: of which function, whether it gets a `CallContext` after its arguments, and these. */
export type CallRequest = readonly [target: ExportTarget, wantsContext: boolean, ...args: unknown[]];

/** How a call has ended. */
export type CallReply =
  | readonly ["returned", value: unknown]
  /** It was withdrawn before it began. */
  | readonly ["withdrawn"]
  /** There is no such function. */
  | readonly ["refused", reason: string]
  /** `deed` says what happened, such as «threw»; the error follows it. */
  | readonly ["failed", deed: string, report: ErrorReport];
