/** What two ends of a link tell each other before anything else, and how they prove that they know the token. */

import { whyUnreadable } from "../../format_version.ts";

/** Who an end is, and what it carries. */
export interface Hello {
  readonly protocol: string;
  readonly link: string;
  readonly schema: string;
  /** Whether it writes or reads. */
  readonly end: "writer" | "reader";
  /** One end in one program. */
  readonly owner: string;
  readonly host: string;
  readonly pid: number;
  readonly since: string;
  /** What the other end proves itself by. */
  readonly nonce: string;
}

const PREFIX = "ringmill-tcp-";
const VERSION = 1;
/** What this end speaks. */
export const PROTOCOL = `${PREFIX}${VERSION}`;

/** Why an end that speaks another protocol cannot be understood, or `null`. */
export function whyNotUnderstood(protocol: string): string | null {
  if (!protocol.startsWith(PREFIX)) return `it speaks ${JSON.stringify(protocol)}, this end ${PROTOCOL}`;
  return whyUnreadable(Number(protocol.slice(PREFIX.length)), { newest: VERSION, name: "protocol" });
}

/** Why an end is refused. */
export interface Refusal {
  readonly kind: "fenced" | "other";
  readonly text: string;
}

const TEXTS = ["protocol", "link", "schema", "end", "owner", "host", "since", "nonce"] as const;

/** What bytes say, if they are of a hello. */
export function parseHello(bytes: Uint8Array): Hello | null {
  const value = parse(bytes) as Hello | null;
  if (value === null || !TEXTS.every((field) => typeof value[field] === "string")) return null;
  return typeof value.pid === "number" ? value : null;
}

/** What bytes say, if they are of a refusal. */
export function parseRefusal(bytes: Uint8Array): Refusal {
  const value = parse(bytes) as Refusal | null;
  const { kind, text } = Object(value);
  return typeof text === "string" ? { kind, text } : { kind: "other", text: "it gives no reason" };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

/** The bytes of a hello or refusal. */
export function encode(value: Hello | Refusal): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** What only who knows the token can make of the other's nonce; nothing if there is no token. */
export async function proofOf(token: string | null, nonce: string, end: Hello["end"]): Promise<Uint8Array> {
  if (token === null) return new Uint8Array();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(token), algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`${end} ${nonce}`)));
}

/** Whether two proofs are the same, in a time that does not tell where they differ. */
export function isSameProof(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.reduce((difference, byte, index) => difference | byte ^ b[index], 0) === 0;
}
