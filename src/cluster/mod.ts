/**
 * Streams that cross from one machine to others, by NATS JetStream.
 *
 * @module
 */

import "../supported_runtime.ts";

export { publish, type PublishOptions } from "./publish.ts";
export { subscribe, type SubscribeOptions } from "./subscribe.ts";
export { nats } from "./nats.ts";
export { tcp } from "./tcp.ts";
export type { Endpoint, NatsEndpoint, NatsOptions, TcpEndpoint, TcpOptions, TlsFiles, Transport } from "./transport.ts";
export { FencedError, SchemaMismatchError, TransportError } from "./errors.ts";
