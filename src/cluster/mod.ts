/**
 * Streams that cross from one machine to others, and kernels that are used from there, by NATS JetStream.
 *
 * @module
 */

import "../supported_runtime.ts";

export { publish, type PublishOptions } from "./publish.ts";
export { subscribe, type SubscribeOptions } from "./subscribe.ts";
export { ExportedKernel, type ExportFigures, exportKernel, type ExportKernelOptions } from "./export_kernel.ts";
export {
  type RemoteDeadLetter,
  type RemoteFigures,
  RemoteKernel,
  remoteKernel,
  type RemoteKernelOptions,
  type RemoteRequestOptions,
} from "./remote_kernel.ts";
export { nats } from "./nats.ts";
export { tcp } from "./tcp.ts";
export type { Endpoint, NatsEndpoint, NatsOptions, TcpEndpoint, TcpOptions, TlsFiles, Transport } from "./transport.ts";
export { FencedError, SchemaMismatchError, TransportError } from "./errors.ts";
