/** Asks who exports a kernel. */

import type { NatsConnection } from "@nats-io/transport-node";
import { descriptionOf, type ExportDescription, isExportDescription } from "./names.ts";

const ANSWER_MS = 2000;

/** What the program that exports a kernel tells of it; `null` if there is none that answers. */
export async function describeExport(core: NatsConnection, id: string): Promise<ExportDescription | null> {
  try {
    const told = (await core.request(descriptionOf(id), undefined, { timeout: ANSWER_MS })).json();
    return isExportDescription(told) ? told : null;
  } catch {
    // Nobody is there, or it is busy.
    return null;
  }
}
