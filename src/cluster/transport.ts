/** What carries links between machines. */

import type { MachineTransport } from "../pipeline/machines.ts";
import * as rules from "../rules.ts";

/** Where links go, as tasks are told: nothing in it but texts and numbers. */
export interface Endpoint {
  /** The engine. */
  readonly engine: "nats";
  /** The URLs of its servers, of which one is enough. */
  readonly servers: readonly string[];
  /** How to connect. */
  readonly options: NatsOptions;
}

/** TLS of a connection: paths of PEM files. */
export interface TlsFiles {
  /** Certificates of who may have signed the server's: the system's by default. */
  caFile?: string;
  /** The program's own certificate, where the server asks for one. */
  certFile?: string;
  /** The key of the program's certificate. */
  keyFile?: string;
}

/**
 * Options of {@link nats}. Secrets are read from files by the tasks that connect, so that no declaration, saved pipeline or
 * error holds one.
 */
export interface NatsOptions {
  /** A file with the token that the server asks for. */
  tokenFile?: string;
  /** A file with a user's JWT and seed, as `nsc` writes it. */
  credsFile?: string;
  /** A file with the seed of an nkey. */
  nkeyFile?: string;
  /** Asks for TLS. */
  tls?: TlsFiles;
  /**
   * Whether a program that starts before its server waits for it.
   *
   * @default {false}
   */
  waitOnFirstConnect?: boolean;
  /**
   * How long a program that was killed or cut off holds its ends of links, in milliseconds, 500 to 60000. It shows three times as
   * often that it is there.
   *
   * @default {3000}
   */
  leaseMs?: number;
  /**
   * After so many milliseconds without an answer of the server the task fails with a `TransportError`. By default it waits
   * without bound, and says so on the terminal after 5 s.
   *
   * @default {Infinity}
   */
  giveUpMs?: number;
}

/**
 * What carries links: `nats()` makes one. The two ends of a link have the same, and so have all machines of a pipeline.
 *
 * @example
 * ```ts
 * import { nats, type Transport } from "@ringmill/ringmill/cluster";
 * import { deepEqual } from "node:assert/strict";
 *
 * const transport: Transport = nats("nats://127.0.0.1:4222");
 * deepEqual(transport.servers, ["nats://127.0.0.1:4222"]);
 * ```
 */
export interface Transport extends Endpoint, MachineTransport {}

/** What a transport must be. */
export const transportRule: rules.Rule = {
  expected: "a transport, as nats() makes it",
  isKind: (value) => rules.object.isKind(value) && (value as Transport).engine === "nats",
};

/** A transport as it can be sent to a task. */
export function endpointOf({ engine, servers, options }: Transport): Endpoint {
  return { engine, servers, options };
}
