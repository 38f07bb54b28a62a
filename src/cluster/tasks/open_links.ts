/** What opens the links of each engine. An engine's packages are loaded when it is used. */

import type { LinkOpener } from "../link.ts";
import type { Endpoint } from "../transport.ts";

/** The engine of a endpoint. */
export async function linkOpener(endpoint: Endpoint): Promise<LinkOpener> {
  if (endpoint.engine === "tcp") {
    const { TcpOpener } = await import("../tcp/opener.ts");
    return new TcpOpener(endpoint);
  }
  const { JetStreamOpener } = await import("../jetstream/opener.ts");
  return new JetStreamOpener(endpoint);
}
