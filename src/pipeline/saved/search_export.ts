/** Runs in a worker, and looks for a function among the exports of a module. */

import { exportNameOf } from "../../worker/export_target.ts";
import { beginImport, endImport } from "../../worker/importing.ts";
import type { ExportTarget } from "../../worker/export_target.ts";

/** The name of the export, or why there is none. */
export async function searchExport(target: ExportTarget): Promise<{ name: string } | { reason: string }> {
  // The module must not start its pipeline here.
  beginImport("a search for exports");
  try {
    return exportNameOf(await import(target.module), target);
  } finally {
    endImport();
  }
}
