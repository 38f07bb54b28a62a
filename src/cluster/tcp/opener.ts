/** Opens the ends of links by TCP. */

import type { LinkOpener, ReadingDescription, ReadingLink, WritingDescription, WritingLink } from "../link.ts";
import type { TcpEndpoint } from "../transport.ts";
import { TcpReadingLink } from "./reading_link.ts";
import { TcpWritingLink } from "./writing_link.ts";

/** Opens links to the other program of an endpoint. */
export class TcpOpener implements LinkOpener {
  readonly #endpoint: TcpEndpoint;

  constructor(endpoint: TcpEndpoint) {
    this.#endpoint = endpoint;
  }

  openWriting(description: WritingDescription, signal: AbortSignal): Promise<WritingLink> {
    return TcpWritingLink.open(this.#endpoint, description, signal);
  }

  openReading(description: ReadingDescription): Promise<ReadingLink> {
    return TcpReadingLink.open(this.#endpoint, description);
  }
}
