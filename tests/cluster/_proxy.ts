/** A proxy between a program and its server, which cuts connections. */

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
    try {
      for (let size = await from.read(buffer); size !== null; size = await from.read(buffer)) {
        if (isFar && this.#isToLose(buffer.subarray(0, size))) {
          await this.#lose(from);
          break;
        }
        const part = buffer.subarray(0, Math.min(size, left.bytes));
        left.bytes -= part.length;
        for (let at = 0; at < part.length;) at += await to.write(part.subarray(at));
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
