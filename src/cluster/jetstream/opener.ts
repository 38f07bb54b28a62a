/** Opens the ends of links by JetStream. */

import { JetStreamApiError } from "@nats-io/jetstream";
import { TransportError } from "../errors.ts";
import type { LinkOpener, ReadingDescription, ReadingLink, WritingDescription, WritingLink } from "../link.ts";
import type { NatsEndpoint } from "../transport.ts";
import { Claim } from "./claim.ts";
import { Connection } from "./connection.ts";
import { claimOf, streamOf } from "./names.ts";
import { NewestReadingLink } from "./newest_reading_link.ts";
import { JetStreamReadingLink } from "./reading_link.ts";
import {
  checkStream,
  ensureClaims,
  ensureConsumers,
  ensureStream,
  findStream,
  identityOf,
  waitForStream,
} from "./server_stream.ts";
import { JetStreamWritingLink } from "./writing_link.ts";

/** Bytes of a message besides a parcel: its headers. */
const HEADER_BYTES = 1024;
/** How long an end that is given up tells the server so. */
const RELEASE_MS = 200;

/** Opens links at the servers of a endpoint. */
export class JetStreamOpener implements LinkOpener {
  readonly #endpoint: NatsEndpoint;

  constructor(endpoint: NatsEndpoint) {
    this.#endpoint = endpoint;
  }

  openWriting(description: WritingDescription, signal: AbortSignal): Promise<WritingLink> {
    return naming(description.action, this.#openWriting(description, signal), description.maxBytes);
  }

  openReading(description: ReadingDescription, signal: AbortSignal): Promise<ReadingLink> {
    return naming(description.action, this.#openReading(description, signal));
  }

  async #openWriting(description: WritingDescription, signal: AbortSignal): Promise<WritingLink> {
    const { action, link } = description;
    await using opening = new AsyncDisposableStack();
    const connection = opening.use(await Connection.open(this.#endpoint, description, signal));
    checkPayload(connection, description);
    const found = await findStream(connection, streamOf(link), signal);
    if (found) checkStream(description, found);
    await ensureClaims(connection, description, signal);
    const claim = await Claim.take(connection, claimOf(link, null), action, signal);
    opening.defer(() => claim.release(RELEASE_MS));
    const stream = await ensureStream(connection, description, signal);
    // Of the newest frame nobody need say that it was consumed.
    const isNewKeeper = !description.isNewest && await ensureConsumers(connection, description, signal);
    const writing = new JetStreamWritingLink({ connection, claim, description, stream });
    await writing.begin(isNewKeeper, signal);
    writing.owns(opening.move());
    return writing;
  }

  async #openReading(description: ReadingDescription, signal: AbortSignal): Promise<ReadingLink> {
    const { action, link, reader } = description;
    await using opening = new AsyncDisposableStack();
    const connection = opening.use(await Connection.open(this.#endpoint, description, signal));
    if (description.isNewest) return await this.#openNewest(connection, description, opening, signal);
    const reading = new JetStreamReadingLink(connection, description);
    await reading.find(signal);
    const claim = await Claim.take(connection, claimOf(link, reader), action, signal);
    opening.defer(() => claim.release(RELEASE_MS));
    await reading.rejoin(signal);
    await reading.attach(signal);
    reading.owns(opening.move());
    return reading;
  }

  async #openNewest(
    connection: Connection,
    description: ReadingDescription,
    opening: AsyncDisposableStack,
    signal: AbortSignal,
  ): Promise<ReadingLink> {
    const { action, link, reader } = description;
    const identity = identityOf(await waitForStream(connection, description, signal));
    const claim = await Claim.take(connection, claimOf(link, reader), action, signal);
    opening.defer(() => claim.release(RELEASE_MS));
    const reading = new NewestReadingLink(connection, description, identity);
    reading.owns(opening.move());
    return reading;
  }
}

/** Has what the server answers say what it was asked for: by a writer, to keep `maxBytes` at most. */
async function naming<Result>(action: string, result: Promise<Result>, maxBytes?: number): Promise<Result> {
  try {
    return await result;
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error;
    // The server sets aside what streams may come to.
    const asked = maxBytes !== undefined && /insufficient .*resources/.test(error.message)
      ? `; it was asked for the ${maxBytes} bytes of the option maxBytes`
      : "";
    throw new TransportError(`Cannot ${action}: the server answers: ${error.message}${asked}`, { cause: error });
  }
}

function checkPayload({ maxPayload }: Connection, { action, parcelBytes }: WritingDescription): void {
  if (parcelBytes + HEADER_BYTES <= maxPayload) return;
  const most = maxPayload - HEADER_BYTES;
  throw new TransportError(
    `Cannot ${action}: parcelBytes is ${parcelBytes}, but the server's max_payload of ${maxPayload} allows ${most}`,
  );
}
