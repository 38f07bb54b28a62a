/** How to connect to a NATS server. */

import { type ConnectionOptions, credsAuthenticator, nkeyAuthenticator } from "@nats-io/transport-node";
import { TransportError } from "../errors.ts";
import type { NatsEndpoint, NatsOptions } from "../transport.ts";

const CONNECT_MS = 5000;

/** A server that does not answer pings is noticed after 10 s: the client's own default is minutes. */
const PINGS = { pingInterval: 5000, maxPingOut: 2 } as const;
const RECONNECTS = { reconnect: true, maxReconnectAttempts: -1, reconnectTimeWait: 250, reconnectJitter: 50 } as const;

/** What the client gets. Secrets are read here. */
export async function connectionOptions(endpoint: NatsEndpoint, action: string): Promise<ConnectionOptions> {
  const { servers, options } = endpoint;
  return {
    servers: [...servers],
    timeout: CONNECT_MS,
    ...PINGS,
    ...RECONNECTS,
    ...(options.tls || servers.some((url) => url.startsWith("tls:")) ? { tls: { ...options.tls } } : {}),
    ...await secretsOf(options, action),
  };
}

async function secretsOf({ tokenFile, credsFile, nkeyFile }: NatsOptions, action: string): Promise<ConnectionOptions> {
  if (tokenFile !== undefined) return { token: (await readSecret(tokenFile, action)).trim() };
  const encoder = new TextEncoder();
  if (credsFile !== undefined) {
    return { authenticator: credsAuthenticator(encoder.encode(await readSecret(credsFile, action))) };
  }
  if (nkeyFile === undefined) return {};
  return { authenticator: nkeyAuthenticator(encoder.encode((await readSecret(nkeyFile, action)).trim())) };
}

async function readSecret(path: string, action: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new TransportError(`Cannot ${action}: ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
