/** Links by NATS JetStream. */

import * as rules from "../rules.ts";
import { makeTransport } from "./crossings.ts";
import type { NatsOptions, Transport } from "./transport.ts";

const TLS_RULES: rules.Rules = { caFile: rules.name, certFile: rules.name, keyFile: rules.name };

/** What each option of {@link nats} must be. */
export const NATS_RULES: rules.Rules = {
  tokenFile: rules.name,
  credsFile: rules.name,
  nkeyFile: rules.name,
  tls: rules.object,
  waitOnFirstConnect: rules.boolean,
  leaseMs: rules.milliseconds(500, 60_000),
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
  return makeTransport({ engine: "nats", servers: [...servers], options: { ...options } });
}
