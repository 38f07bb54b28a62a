/** What carries links between machines. */

import * as rules from "../rules.ts";

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
   * After so many milliseconds without an answer of the server the task fails with a `TransportError`. By default it waits
   * without bound, and says so on the terminal after 5 s.
   *
   * @default {Infinity}
   */
  giveUpMs?: number;
}

/**
 * Where a link's server is. {@link nats} makes one.
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
export interface Transport {
  /** The engine. */
  readonly engine: "nats";
  /** The URLs of its servers, of which one is enough. */
  readonly servers: readonly string[];
  /** How to connect. */
  readonly options: NatsOptions;
}

const TLS_RULES: rules.Rules = { caFile: rules.name, certFile: rules.name, keyFile: rules.name };

/** What each option of {@link nats} must be. */
export const NATS_RULES: rules.Rules = {
  tokenFile: rules.name,
  credsFile: rules.name,
  nkeyFile: rules.name,
  tls: rules.object,
  waitOnFirstConnect: rules.boolean,
  giveUpMs: rules.milliseconds(1),
};

/** What a URL of a server must be. */
const serverUrl: rules.Rule = {
  expected: "nats://host:port or tls://host:port, without a user: tokenFile, credsFile and nkeyFile are for secrets",
  isKind: (value) => typeof value === "string",
  isInRange: (value: string) => {
    const url = URL.canParse(value) ? new URL(value) : null;
    return url !== null && ["nats:", "tls:"].includes(url.protocol) && url.host !== "" && !value.includes("@");
  },
};

/** What a transport must be. */
export const transportRule: rules.Rule = {
  expected: "a transport, as nats() makes it",
  isKind: (value) => rules.object.isKind(value) && (value as Transport).engine === "nats",
};

/** Refuses a URL without showing what might be a password. */
function checkServer(url: unknown): void {
  if (typeof url === "string" && url.includes("@")) {
    throw new RangeError(`Cannot use a NATS server: its URL must be ${serverUrl.expected}`);
  }
  rules.checkRule("use a NATS server", "its URL", serverUrl, url);
}

/**
 * Carries links by NATS JetStream: a server of version 2.14 or later that was started with `--jetstream`. Nothing connects
 * before the pipeline starts. The task that does needs the permissions to reach the server and to read the files.
 *
 * @throws {TypeError | RangeError} If a URL or an option is not what it must be.
 *
 * @example
 * ```ts
 * import { nats } from "@ringmill/ringmill/cluster";
 * import { equal, throws } from "node:assert/strict";
 *
 * const hub = nats(["nats://hub-1:4222", "nats://hub-2:4222"], { tokenFile: "/etc/line/token", giveUpMs: 60_000 });
 * equal(hub.options.giveUpMs, 60_000);
 * throws(() => nats("http://hub:4222"), RangeError);
 * ```
 */
export function nats(url: string | readonly string[], options: NatsOptions = {}): Transport {
  const servers = typeof url === "string" ? [url] : url;
  rules.checkRule("use a NATS server", "its URLs", rules.arrayOf(rules.text, "a URL, or an array of such"), servers);
  if (servers.length === 0) throw new RangeError("Cannot use a NATS server: there is no URL in the array");
  servers.forEach(checkServer);
  rules.checkOptions("use a NATS server", options, NATS_RULES);
  if (options.tls) rules.checkOptions("use a NATS server: tls", options.tls, TLS_RULES);
  const secrets = (["tokenFile", "credsFile", "nkeyFile"] as const).filter((option) => options[option] !== undefined);
  if (secrets.length > 1) throw new TypeError(`Cannot use a NATS server: there are ${secrets.join(" and ")}, give one`);
  return { engine: "nats", servers: [...servers], options };
}
