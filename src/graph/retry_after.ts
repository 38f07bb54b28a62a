/** How long a server asks to be left alone. */

/** A header of a response, of an error that has one, or of what has caused it; `null` if there is none. */
function findHeader(source: unknown, name: string, depth = 0): string | null {
  if (typeof source !== "object" || source === null || depth > 4) return null;
  const headers = Reflect.get(source, "headers");
  const found = headers instanceof Headers ? headers.get(name) : plainHeader(headers, name);
  if (found !== null) return found;
  return findHeader(Reflect.get(source, "response"), name, depth + 1) ??
    findHeader(Reflect.get(source, "cause"), name, depth + 1);
}

function plainHeader(headers: unknown, name: string): string | null {
  if (typeof headers !== "object" || headers === null) return null;
  const entry = Object.entries(headers).find(([key]) => key.toLowerCase() === name);
  return entry === undefined ? null : String(entry[1]);
}

/**
 * How many milliseconds a server asks to wait, by the header `Retry-After` (seconds, or a date) or `Retry-After-Ms`. They are
 * looked for in `source`, in its `response` and in its `cause`; each may have `headers` as `Headers` or as an object.
 * `undefined` if there are none.
 *
 * @example
 * ```ts
 * import { retryAfterMs } from "@ringmill/ringmill/graph";
 * import { equal, ok } from "node:assert/strict";
 *
 * equal(retryAfterMs(new Response(null, { status: 429, headers: { "Retry-After": "2" } })), 2000);
 * const date = new Date(Date.now() + 60_000).toUTCString();
 * ok(retryAfterMs({ response: { headers: { "retry-after": date } } })! > 50_000);
 * equal(retryAfterMs(new Error("no response")), undefined);
 * ```
 */
export function retryAfterMs(source: unknown): number | undefined {
  try {
    const ms = findHeader(source, "retry-after-ms");
    const after = findHeader(source, "retry-after");
    return valid(Number(ms ?? NaN)) ?? (after === null ? undefined : parse(after.trim()));
  } catch {
    // An error that cannot be read.
    return undefined;
  }
}

function parse(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return valid(Number(text) * 1000);
  const at = Date.parse(text);
  return valid(Math.max(0, at - Date.now()));
}

function valid(ms: number): number | undefined {
  return ms >= 0 && ms < Infinity ? ms : undefined;
}
