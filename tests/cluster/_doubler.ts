/** A network that doubles: each message of the server's protocol comes twice. */

const CRLF = [13, 10];
/** Operations that are followed by as many bytes as their last word says. */
const WITH_PAYLOAD = /^(MSG|HMSG|PUB|HPUB) .*?(\d+)$/i;

/** Cuts the bytes of one direction into messages, and hands each out twice. */
export class Doubler {
  #rest = new Uint8Array(0);
  /** Messages that were doubled. */
  doubled = 0;

  /** What is to be sent on for these bytes. */
  take(bytes: Uint8Array): Uint8Array[] {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const parts: Uint8Array[] = [];
    let at = 0;
    for (let end = endOf(all, at); end !== null; end = endOf(all, at)) {
      const part = all.slice(at, end.end);
      parts.push(part);
      if (end.hasPayload) parts.push(part);
      if (end.hasPayload) this.doubled++;
      at = end.end;
    }
    this.#rest = all.slice(at);
    return parts;
  }
}

/** Where the operation that begins at a place ends; `null` if it is not all there. */
function endOf(all: Uint8Array, start: number): { readonly end: number; readonly hasPayload: boolean } | null {
  let line = start;
  while (line < all.length - 1 && !(all[line] === CRLF[0] && all[line + 1] === CRLF[1])) line++;
  if (line >= all.length - 1) return null;
  const payload = WITH_PAYLOAD.exec(new TextDecoder().decode(all.subarray(start, line)));
  const end = line + 2 + (payload ? Number(payload[2]) + 2 : 0);
  return end <= all.length ? { end, hasPayload: payload !== null } : null;
}
