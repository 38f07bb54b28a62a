/** Tells `top` in other programs of the same user what a pipeline does. It costs nothing while nobody asks. */

import { join } from "node:path";
import { within } from "../../ring/within.ts";
import { isToken, randomToken } from "../../secrets.ts";
import type { Snapshot } from "../../manager/metrics.ts";
import type { LiveFrame } from "../../view/live/live_frame.ts";
import { openFolder, RUN_VERSION, type RunAddress } from "./run_records.ts";

/** A failure, as it is told. */
export interface RunFailure {
  readonly task: string;
  readonly reason: string;
  readonly details: string;
}

/** The version of what is said of frames. */
export const FRAMES_VERSION = 1;

/**
 * A line that is sent: who speaks, then snapshots, and in the end what has failed. Or the newest frames of a stream, if it was
 * asked for those.
 */
export type RunLine =
  | { readonly ringmill: number; readonly frames: number; readonly name: string; readonly pid: number }
  | { readonly snapshot: Snapshot }
  | { readonly frame: LiveFrame }
  | { readonly failures: readonly RunFailure[] };

/** How long those who watch may take to read the end, in milliseconds. */
const CLOSING_MS = 500;
/** Bytes of a request, at most. */
const LONGEST_REQUEST = 65_536;

const encoder = new TextEncoder();

/** What is told of a pipeline. Nothing is looked at before. */
export interface Told {
  readonly name: string;
  watch(): AsyncIterable<Snapshot>;
  /** The newest frames of a stream, if there is one of that name. */
  frames(stream: string, signal: AbortSignal): AsyncIterable<LiveFrame> | undefined;
}

/** A server at an address of its own. Dispose it when the run is over. */
export class RunServer implements Disposable {
  /** Where it is heard. */
  readonly address: RunAddress;
  readonly #listener: Deno.Listener;
  readonly #hello: RunLine;
  readonly #told: Told;
  readonly #over: PromiseWithResolvers<readonly RunFailure[]> = Promise.withResolvers();
  readonly #serving = new Set<Promise<void>>();
  readonly #connections = new Set<Deno.Conn>();

  constructor(address: RunAddress, listener: Deno.Listener, hello: RunLine, told: Told) {
    this.address = address;
    this.#listener = listener;
    this.#hello = hello;
    this.#told = told;
    listener.unref();
    this.#accept();
  }

  async #accept(): Promise<void> {
    try {
      for await (const connection of this.#listener) {
        const served = this.#serve(connection).catch(() => {}).then(() => {
          this.#serving.delete(served);
          this.#connections.delete(connection);
          closeQuietly(connection);
        });
        this.#serving.add(served);
        this.#connections.add(connection);
      }
    } catch {
      // The listener is closed.
    }
  }

  async #serve(connection: Deno.Conn): Promise<void> {
    const request = await readRequest(connection);
    if ("token" in this.address && !isToken(request.token, this.address.token)) return;
    await send(connection, this.#hello);
    if (typeof request.frames === "string") return await this.#serveFrames(connection, request.frames);
    if (!request.watch) return;
    for await (const snapshot of this.#told.watch()) await send(connection, { snapshot });
    await send(connection, { failures: await this.#over.promise });
  }

  async #serveFrames(connection: Deno.Conn, stream: string): Promise<void> {
    const gone = new AbortController();
    const leave = () => gone.abort();
    // A client that leaves is noticed at once, also while nothing changes.
    connection.read(new Uint8Array(1)).then(leave, leave);
    this.#over.promise.then(leave);
    for await (const frame of this.#told.frames(stream, gone.signal) ?? []) await send(connection, { frame });
  }

  /** Tells those who watch how it has ended. */
  async finish(failures: readonly RunFailure[]): Promise<void> {
    this.#over.resolve(failures);
    await within(Promise.all(this.#serving), CLOSING_MS);
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    this.#connections.forEach(closeQuietly);
  }
}

/** Serves at a socket of this process in the user's folder, or at a port of this machine where that is not possible. */
export async function serveRun(told: Told): Promise<RunServer> {
  const hello = { ringmill: RUN_VERSION, frames: FRAMES_VERSION, name: told.name, pid: Deno.pid };
  const socket = join(await openFolder(), `${Deno.pid}.sock`);
  // Of a process that had the same number.
  await Deno.remove(socket).catch(() => {});
  try {
    return new RunServer({ socket }, Deno.listen({ transport: "unix", path: socket }), hello, told);
  } catch {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    return new RunServer({ port, token: randomToken() }, listener, hello, told);
  }
}

/** What a client may ask for. */
interface RunRequest {
  readonly token?: unknown;
  readonly watch?: unknown;
  readonly frames?: unknown;
}

/** What a client asks for, in one line of JSON. */
async function readRequest(connection: Deno.Conn): Promise<RunRequest> {
  const bytes = new Uint8Array(LONGEST_REQUEST);
  let text = "";
  for (let size = 0; !text.includes("\n");) {
    const count = await connection.read(bytes.subarray(size));
    if (!count) throw new Error("There was no request");
    size += count;
    text = new TextDecoder().decode(bytes.subarray(0, size));
  }
  return Object(JSON.parse(text));
}

async function send(connection: Deno.Conn, line: RunLine): Promise<void> {
  const bytes = encoder.encode(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** Closes a connection that may be closed already. */
export function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // The other side was faster, or all was read.
  }
}
