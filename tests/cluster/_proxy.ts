/** A proxy between a program and its server, which cuts connections, and may lose or double what goes through. */

import { Doubler } from "./_doubler.ts";

async function writeAll(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

/** Forwards bytes to a port of this machine. */
export class Proxy implements AsyncDisposable {
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #budget: () => number;
  /** Connections that it has cut. */
  cuts = 0;
  /** Whether new connections are refused. */
  isDown = false;
  /** In what the server sends: from this text on nothing arrives any more, and the connection is cut a while later. Once. */
  losesFrom: string | undefined;

  /** Whether each message comes twice, in both directions; and how often that was so. */
  doubles = false;
  doubled = 0;

  /** Each connection is cut after so many bytes in either direction as `budget` says when it begins. */
  constructor(readonly target: number, budget: () => number = () => Infinity) {
    this.#budget = budget;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#accept();
  }

  /** Where it is. */
  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  async #accept(): Promise<void> {
    for await (const near of this.#listener) {
      if (this.isDown) near.close();
      else this.#forward(near);
    }
  }

  async #forward(near: Deno.TcpConn): Promise<void> {
    const far = await Deno.connect({ hostname: "127.0.0.1", port: this.target }).catch(() => null);
    if (!far) return near.close();
    const ends = [near, far];
    ends.forEach((end) => this.#open.add(end));
    const left = { bytes: this.#budget() };
    await Promise.allSettled([this.#pump(near, far, left), this.#pump(far, near, left, true)]);
  }

  async #pump(from: Deno.TcpConn, to: Deno.TcpConn, left: { bytes: number }, isFar = false): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    const doubler = this.doubles ? new Doubler() : null;
    try {
      for (let size = await from.read(buffer); size !== null; size = await from.read(buffer)) {
        if (isFar && this.#isToLose(buffer.subarray(0, size))) {
          await this.#lose(from);
          break;
        }
        if (doubler) {
          for (const part of doubler.take(buffer.slice(0, size))) await writeAll(to, part);
          this.doubled += doubler.doubled;
          doubler.doubled = 0;
          continue;
        }
        const part = buffer.subarray(0, Math.min(size, left.bytes));
        left.bytes -= part.length;
        await writeAll(to, part);
        if (left.bytes > 0) continue;
        this.cuts++;
        break;
      }
    } catch {
      // One end is gone.
    }
    this.#close(from);
    this.#close(to);
  }

  #isToLose(bytes: Uint8Array): boolean {
    return this.losesFrom !== undefined && new TextDecoder("latin1").decode(bytes).includes(this.losesFrom);
  }

  /** Takes what the server sends, and hands it to nobody. */
  async #lose(from: Deno.TcpConn): Promise<void> {
    this.losesFrom = undefined;
    setTimeout(() => this.#close(from), 500);
    const buffer = new Uint8Array(16 * 1024);
    while (await from.read(buffer).catch(() => null) !== null);
    this.cuts++;
  }

  #close(end: Deno.TcpConn): void {
    if (this.#open.delete(end)) end.close();
  }

  /** Cuts all connections now. */
  cut(): void {
    this.cuts++;
    this.#open.forEach((end) => this.#close(end));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    await Promise.resolve();
  }
}
