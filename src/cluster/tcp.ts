/** Links by TCP, between two programs, without a server. */

import * as rules from "../rules.ts";
import { makeTransport } from "./crossings.ts";
import type { TcpOptions, Transport } from "./transport.ts";

/** What each option of {@link tcp} must be. */
export const TCP_RULES: rules.Rules = {
  role: rules.oneOf(["listen", "connect"]),
  tokenFile: rules.name,
  leaseMs: rules.milliseconds(500, 60_000),
  giveUpMs: rules.milliseconds(1),
};

const MOST_PORT = 65_535;

/** What a URL must be. */
const tcpUrl: rules.Rule = {
  expected: "tcp://host:port, without a user, a path or anything else",
  isKind: (value) => typeof value === "string",
  isInRange: (value: string) => {
    const found = /^tcp:\/\/(\[[\da-f:.]+\]|[^\s/:@?#[\]]+):(\d+)\/?$/i.exec(value);
    return found !== null && Number(found[2]) > 0 && Number(found[2]) <= MOST_PORT;
  },
};

/**
 * Carries links between two programs by TCP, without a server: the program that can listen at the address does, the other one
 * connects. Each link has a port of its own, from that of the URL on. What is under way lives in the writing program's memory,
 * and is lost when that is killed. Nothing is encrypted: use it in a network that you trust, or through a tunnel.
 *
 * @throws {TypeError | RangeError} If the URL or an option is not what it must be.
 *
 * @example
 * ```ts
 * import { tcp } from "@ringmill/ringmill/cluster";
 * import { equal, throws } from "node:assert/strict";
 *
 * const hub = tcp("tcp://hub:4300", { tokenFile: "/etc/line/token" });
 * equal(hub.engine, "tcp");
 * throws(() => tcp("tcp://hub"), RangeError);
 * ```
 */
export function tcp(url: string, options: TcpOptions = {}): Transport {
  rules.checkRule("use TCP", "its URL", tcpUrl, url);
  rules.checkOptions("use TCP", options, TCP_RULES);
  return makeTransport({ engine: "tcp", servers: [url], options: { ...options } });
}
