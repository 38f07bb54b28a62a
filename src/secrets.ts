/** Tokens that let in who knows them. */

import { timingSafeEqual } from "node:crypto";

/** A token of 128 random bits that needs no escaping in an address. */
export function randomToken(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** Whether a text of others is the token, in a time that does not depend on where it differs. */
export function isToken(given: unknown, token: string): boolean {
  if (typeof given !== "string") return false;
  const encoder = new TextEncoder();
  const one = encoder.encode(given);
  const other = encoder.encode(token);
  return one.length === other.length && timingSafeEqual(one, other);
}
