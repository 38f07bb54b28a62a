/** What carries links between machines. */

import type { MachineTransport } from "../pipeline/machines.ts";
import * as rules from "../rules.ts";

/** How long a program that is gone holds its ends of links, unless `leaseMs` says otherwise, in milliseconds. */
export const DEFAULT_LEASE_MS = 3000;

/** A link by NATS, as tasks are told: nothing in it but texts and numbers. */
export interface NatsEndpoint {
  /** The engine. */
  readonly engine: "nats";
  /** The URLs of its servers, of which one is enough. */
  readonly servers: readonly string[];
  /** How to connect. */
  readonly options: NatsOptions;
}

/** A link by TCP, as tasks are told. */
export interface TcpEndpoint {
  /** The engine. */
  readonly engine: "tcp";
  /** The URL of the end that listens. */
  readonly servers: readonly string[];
  /** How to connect. */
  readonly options: TcpOptions;
}

/** Where links go. */
export type Endpoint = NatsEndpoint | TcpEndpoint;

/** Options of {@link tcp}. */
export interface TcpOptions {
  /**
   * Which end this program is. By default it listens if it can, and connects otherwise.
   *
   * @default {undefined}
   */
  role?: "listen" | "connect";
  /** A file with a text that both programs know, by which each proves to the other that it may be there. */
  tokenFile?: string;
  /**
   * After how many milliseconds without a sign of life another program may take the place of the one at the other end, 500 to
   * 60000. It shows three times as often that it is there.
   *
   * @default {3000}
   */
  leaseMs?: number;
  /**
   * After so many milliseconds without the other program the task fails with a `TransportError` that says why it could not
   * connect. By default it waits.
   *
   * @default {Infinity}
   */
  giveUpMs?: number;
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
 * What carries links: `nats()` and `tcp()` make one. The two ends of a link have the same, and so have all machines of a pipeline.
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
export type Transport = Endpoint & MachineTransport;

/** What a transport must be. */
export const transportRule: rules.Rule = {
  expected: "a transport, as nats() or tcp() makes it",
  isKind: (value) => rules.object.isKind(value) && ["nats", "tcp"].includes((value as Transport).engine),
};

/** A transport as it can be sent to a task. */
export function endpointOf({ engine, servers, options }: Transport): Endpoint {
  return { engine, servers, options } as Endpoint;
}
