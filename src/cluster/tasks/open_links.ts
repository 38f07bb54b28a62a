/** What opens the links of each engine. An engine's packages are loaded when it is used. */

import type { LinkOpener } from "../link.ts";
import type { Transport } from "../transport.ts";

/** The engine of a transport. */
export async function linkOpener(transport: Transport): Promise<LinkOpener> {
  const { JetStreamOpener } = await import("../jetstream/opener.ts");
  return new JetStreamOpener(transport);
}
