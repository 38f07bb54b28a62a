/** A server on loopback that shows a run in a browser. */

import { within } from "../../ring/within.ts";
import type { ViewDescription } from "../description.ts";
import { page } from "./page.generated.ts";
import { layOutElsewhere } from "./lay_out_drawing.ts";
import type { LiveSource } from "./source.ts";
import type { LiveDrawing, LiveUpdate } from "./update.ts";

/** Options of a dashboard. */
export interface DashboardOptions {
  /**
   * Where it listens; 0 for any port that is free.
   *
   * @default {0}
   */
  port?: number;
}

/** Only this machine can reach it. */
const HOSTNAME = "127.0.0.1";
/** Names of this machine. A page of somebody else's that resolves its own name to here has that name in `Host`. */
const OWN_NAMES: ReadonlySet<string> = new Set([HOSTNAME, "localhost", "[::1]"]);

/** Who asks, in the words of browsers: the page itself, or a person. Programs say nothing. */
const OWN_SITES: ReadonlySet<string> = new Set(["same-origin", "none"]);

/** The files of the page, by their paths. */
const FILES: Readonly<Record<string, [type: string, text: string]>> = {
  "/": ["text/html", page.html],
  "/page.css": ["text/css", page.css],
  "/page.js": ["text/javascript", page.js],
  "/icon.svg": ["image/svg+xml", page.icon],
};

/** How long browsers may take to fetch the end of the run. */
const CLOSING_MS = 500;

const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/**
 * A dashboard that is being served. It changes nothing of what it shows, and does not keep the program alive.
 *
 * @example
 * ```ts
 * import { Pipeline } from "@ringmill/ringmill";
 * import { equal, match } from "node:assert/strict";
 *
 * await using pipe = new Pipeline("loop");
 * const samples = pipe.addStream("samples", { shape: [4], dtype: "float32" });
 * pipe.openWriter(samples), pipe.openReader(samples);
 * await using dashboard = await pipe.serveDashboard();
 * match(dashboard.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
 * const response = await fetch(dashboard.url);
 * equal(response.status, 200);
 * await response.body?.cancel();
 * ```
 */
export class Dashboard implements AsyncDisposable {
  /** The port on which it listens. */
  readonly port: number;
  /** The address of the page, such as `http://127.0.0.1:8000/`. */
  readonly url: string;
  readonly #source: LiveSource;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #abort = new AbortController();
  /** Each resolves when an answer is sent as a whole, or nobody wants it any more. */
  readonly #answering = new Set<Promise<void>>();
  #drawing: { readonly description: ViewDescription; readonly laidOut: Promise<LiveDrawing> } | undefined;
  #closing: Promise<void> | undefined;

  /**
   * Serves at once.
   *
   * @throws {Deno.errors.AddrInUse} If something else listens on the port.
   */
  constructor(source: LiveSource, port: number) {
    this.#source = source;
    const { signal } = this.#abort;
    this.#server = Deno.serve(
      { hostname: HOSTNAME, port, signal, onListen() {} },
      (request, info) => this.#handle(request, info),
    );
    this.#server.unref();
    this.port = this.#server.addr.port;
    this.url = `http://${HOSTNAME}:${this.port}/`;
  }

  /** Whether it is still served. */
  get isOpen(): boolean {
    return this.#closing === undefined;
  }

  /** Answers, and notes until when. */
  async #handle(request: Request, { completed }: Deno.ServeHandlerInfo): Promise<Response> {
    const isDone = completed.catch(() => {}).then(() => void this.#answering.delete(isDone));
    this.#answering.add(isDone);
    return await this.#answer(request);
  }

  async #answer(request: Request): Promise<Response> {
    const pathname = URL.parse(request.url)?.pathname ?? "", refusal = refuse(request, pathname);
    if (refusal) return refusal;
    if (Object.hasOwn(FILES, pathname)) return answer(...FILES[pathname]);
    if (pathname === "/drawing") return answer("application/json", JSON.stringify(await this.#draw()));
    if (pathname !== "/updates") return answer("text/plain", "There is no such page", 404);
    return answer("text/event-stream", ReadableStream.from(events(this.#source.updates())));
  }

  /** Laid out once for each description that the source has had. */
  #draw(): Promise<LiveDrawing> {
    const { description, widest } = this.#source;
    if (this.#drawing?.description !== description) {
      this.#drawing = { description, laidOut: layOutElsewhere(description, widest) };
    }
    return this.#drawing.laidOut;
  }

  /** Ends it, once those who follow have got the end of the run if there is one. Closing twice changes nothing. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#source.close();
    // Not by the server's `shutdown()`: it waits for those who do not read, and cannot be aborted then.
    await within(Promise.all(this.#answering), CLOSING_MS);
    // Otherwise nothing might keep the program alive until it has ended.
    this.#server.ref();
    this.#abort.abort();
    await this.#server.finished;
    // Its worker ends when it is done.
    await this.#drawing?.laidOut.catch(() => {});
  }

  /** As {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function answer(type: string, body: BodyInit, status = 200): Response {
  const contentType = type === "image/svg+xml" ? type : `${type}; charset=utf-8`;
  return new Response(body, { status, headers: { ...HEADERS, "content-type": contentType } });
}

/** The answer to those who may not ask. */
function refuse({ method, headers }: Request, pathname: string): Response | undefined {
  const refused = (reason: string, status = 403) => answer("text/plain", reason, status);
  const host = headers.get("host") ?? "", site = headers.get("sec-fetch-site") ?? "none";
  if (!OWN_NAMES.has(host.replace(/:\d+$/, ""))) return refused("This page is for this machine only");
  if (method !== "GET") return refused("There is nothing to change here", 405);
  // Others may link to the page, but not ask for the rest: they could not read it, but keep the server busy.
  if (pathname !== "/" && !OWN_SITES.has(site)) return refused("This is for the page itself");
}

/** Updates as server-sent events. */
async function* events(updates: AsyncIterable<LiveUpdate>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  yield encoder.encode("retry: 1000\n\n");
  for await (const update of updates) yield encoder.encode(`data: ${JSON.stringify(update)}\n\n`);
}

/**
 * Checks what no type can. `title` is of what is to be shown.
 *
 * @throws {TypeError} If the port is no number.
 * @throws {RangeError} If it is not from 0 to 65535.
 */
export function checkPort(title: string, port: unknown): void {
  const received = `port must be an integer from 0 to 65535, received ${Deno.inspect(port)}`;
  if (typeof port !== "number") throw new TypeError(`Cannot serve the dashboard of "${title}": ${received}`);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return;
  throw new RangeError(`Cannot serve the dashboard of "${title}": ${received}`);
}

/**
 * Serves a page on 127.0.0.1 that shows something that runs. `Pipeline.serveDashboard()` does this for pipelines.
 *
 * @throws {TypeError} If the port is no number.
 * @throws {RangeError} If it is not from 0 to 65535.
 * @throws {Deno.errors.AddrInUse} If something else listens there.
 *
 * @example
 * ```ts
 * import { type LiveSource, serveDashboard } from "@ringmill/ringmill/view";
 * import { equal } from "node:assert/strict";
 *
 * const source: LiveSource<number> = {
 *   description: { title: "clock", nodes: [{ id: "hand", kind: "task", title: "hand" }], edges: [] },
 *   widest: { nodes: { hand: { lines: ["23:59:59"] } } },
 *   async *updates() {
 *     const sampledAt = Date.now(), lines = [new Date(sampledAt).toLocaleTimeString("en-GB")];
 *     const whole = { run: "1", title: "clock", sampledAt, intervalMs: 1000, failures: [], facts: [], tables: [], drawing: 0 };
 *     yield { ...whole, state: "ended", isFinal: true, figures: { nodes: { hand: { lines } } }, snapshot: sampledAt };
 *   },
 *   close() {},
 * };
 * await using dashboard = serveDashboard(source);
 * const response = await fetch(`${dashboard.url}drawing`);
 * equal((await response.json()).title, "clock");
 * ```
 */
export function serveDashboard(source: LiveSource, options: DashboardOptions = {}): Dashboard {
  const { title } = source.description, { port = 0 } = options;
  checkPort(title, port);
  try {
    return new Dashboard(source, port);
  } catch (cause) {
    source.close();
    if (!(cause instanceof Deno.errors.AddrInUse)) throw cause;
    throw new Deno.errors.AddrInUse(`Cannot serve the dashboard of "${title}": port ${port} is in use`, { cause });
  }
}
