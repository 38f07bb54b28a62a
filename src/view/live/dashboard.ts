/** A server on loopback that shows a run in a browser. */

import { within } from "../../ring/within.ts";
import { isToken, randomToken } from "../../secrets.ts";
import { checkOptions, integer, type Rule, type Rules } from "../../rules.ts";
import { checkDescription } from "../description.ts";
import { page } from "./page.generated.ts";
import type { LiveSource } from "./source.ts";
import { type LiveDrawing, UPDATE_VERSION, UPDATE_VERSION_HEADER } from "./update.ts";

/** Options of a dashboard. */
export interface DashboardOptions {
  /**
   * Where it listens; 0 for any port that is free.
   *
   * @default {0}
   */
  port?: number;
  /**
   * The secret in the address of the page, 16 to 128 letters, digits, "-" or "_": whoever knows it can read what is shown.
   * One of your own makes an address that stays the same.
   *
   * @default {22 random characters}
   */
  token?: string;
}

/** A token: what needs no escaping in an address. */
const TOKEN: Rule = {
  expected: '16 to 128 letters, digits, "-" or "_"',
  isKind: (value) => typeof value === "string",
  isInRange: (value: string) => /^[\w-]{16,128}$/.test(value),
};

/** The rules of {@link DashboardOptions}. */
export const DASHBOARD_RULES: Rules = { port: integer(0, 65_535), token: TOKEN };

/** Only this machine can reach it. */
const HOSTNAME = "127.0.0.1";
/** Names of this machine. A page of somebody else's that resolves its own name to here has that name in `Host`. */
const OWN_NAMES: ReadonlySet<string> = new Set([HOSTNAME, "localhost", "[::1]"]);

/** Who asks, in the words of browsers: the page itself, or a person. Programs say nothing. */
const OWN_SITES: ReadonlySet<string> = new Set(["same-origin", "none"]);

/** The files of the page, by their paths behind the token. */
const FILES: Readonly<Record<string, [type: string, text: string]>> = {
  "": ["text/html", page.html],
  "page.css": ["text/css", page.css],
  "page.js": ["text/javascript", page.js],
  "icon.svg": ["image/svg+xml", page.icon],
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
 * match(dashboard.url, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\/$/);
 * const response = await fetch(dashboard.url);
 * equal(response.status, 200);
 * await response.body?.cancel();
 * ```
 */
export class Dashboard implements AsyncDisposable {
  /** The port on which it listens. */
  readonly port: number;
  /** The address of the page, with its token: `http://127.0.0.1:8000/Zb0…/`. */
  readonly url: string;
  readonly #source: LiveSource;
  readonly #token: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #abort = new AbortController();
  /** Ends what is followed for as long as somebody looks. */
  readonly #left = new AbortController();
  /** Each resolves when an answer is sent as a whole, or nobody wants it any more. */
  readonly #answering = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;

  /**
   * Serves at once.
   *
   * @throws {Deno.errors.AddrInUse} If something else listens on the port.
   */
  constructor(source: LiveSource, port: number, token: string) {
    this.#source = source;
    this.#token = token;
    const { signal } = this.#abort;
    this.#server = Deno.serve(
      { hostname: HOSTNAME, port, signal, onListen() {} },
      (request, info) => this.#handle(request, info),
    );
    this.#server.unref();
    this.port = this.#server.addr.port;
    this.url = `http://${HOSTNAME}:${this.port}/${token}/`;
  }

  /** Whether it is still served. */
  get isOpen(): boolean {
    return this.#closing === undefined;
  }

  /** Answers, and notes until when. */
  #handle(request: Request, { completed }: Deno.ServeHandlerInfo): Response {
    const gone = new AbortController();
    const isDone = completed.catch(() => {}).then(() => {
      this.#answering.delete(isDone);
      gone.abort();
    });
    this.#answering.add(isDone);
    return this.#answer(request, gone.signal);
  }

  /** `gone` aborts when nobody hears the answer any more. */
  #answer(request: Request, gone: AbortSignal): Response {
    const url = URL.parse(request.url);
    const refusal = refuse(request, url);
    if (refusal) return refusal;
    const [, token = "", ...rest] = url!.pathname.split("/");
    const path = rest.join("/");
    if (rest.length === 0 || !isToken(token, this.#token)) return answer("text/plain", ASK_FOR_ADDRESS, 403);
    if (path !== "" && !isOwnSite(request)) return answer("text/plain", "This is for the page itself", 403);
    if (Object.hasOwn(FILES, path)) return answer(...FILES[path]);
    if (path === "elk.js") return answerElk();
    if (path === "drawing") return answer("application/json", JSON.stringify(this.#drawing()));
    if (path === "frames") return this.#answerFrames(request, url!.searchParams.getAll("node"), gone);
    if (path !== "updates") return answer("text/plain", "There is no such page", 404);
    return answerEvents(request, () => this.#source.updates());
  }

  #drawing(): LiveDrawing {
    const { description, widest, framed = [] } = this.#source;
    return { description, widest, framed };
  }

  #answerFrames(request: Request, nodes: readonly string[], gone: AbortSignal): Response {
    const known = new Set(this.#source.framed);
    const wanted = [...new Set(nodes)];
    const unknown = wanted.find((node) => !known.has(node));
    if (unknown !== undefined) return answer("text/plain", `There are no frames of ${Deno.inspect(unknown)}`, 404);
    if (wanted.length === 0 || wanted.length > MOST_FRAMED) return answer("text/plain", ASK_FOR_NODES, 400);
    return answerEvents(request, () => this.#source.frames!(wanted, AbortSignal.any([this.#left.signal, gone])));
  }

  /** Ends it, once those who follow have got the end of the run if there is one. Closing twice changes nothing. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#source.close();
    this.#left.abort();
    // Not by the server's `shutdown()`: it waits for those who do not read, and cannot be aborted then.
    await within(Promise.all(this.#answering), CLOSING_MS);
    // Otherwise nothing might keep the program alive until it has ended.
    this.#server.ref();
    this.#abort.abort();
    await this.#server.finished;
  }

  /** As {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function answer(type: string, body: BodyInit | null, status = 200): Response {
  const contentType = type === "image/svg+xml" ? type : `${type}; charset=utf-8`;
  return new Response(body, { status, headers: { ...HEADERS, "content-type": contentType } });
}

/** The kernel that lays drawings out, which browsers decompress. */
function answerElk(): Response {
  const response = answer("text/javascript", Uint8Array.fromBase64(page.elk));
  response.headers.set("content-encoding", "gzip");
  return response;
}

/** Nothing is followed for those who would not read the body of the answer. */
function answerEvents(request: Request, follow: () => AsyncIterable<object>): Response {
  const response = answer(
    "text/event-stream",
    request.method === "HEAD" ? null : ReadableStream.from(events(follow())),
  );
  response.headers.set(UPDATE_VERSION_HEADER, `${UPDATE_VERSION}`);
  return response;
}

/** Nodes whose frames one page follows, at most. */
const MOST_FRAMED = 8;
const ASK_FOR_NODES = `Ask for the frames of 1 to ${MOST_FRAMED} nodes, each as a parameter "node"`;
const ASK_FOR_ADDRESS = "Open the whole address that the program tells: it has a token in it";

/** The answer to those who may not ask, whatever they ask for. */
function refuse({ method, headers }: Request, url: URL | null): Response | undefined {
  // Over HTTP/2 the name is in the address.
  const host = headers.get("host") ?? url?.host ?? "";
  const name = host.replace(/:\d+$/, "").replace(/\.$/, "").toLowerCase();
  if (!url || !OWN_NAMES.has(name)) return answer("text/plain", "This page is for this machine only", 403);
  if (method === "GET" || method === "HEAD") return undefined;
  const refused = answer("text/plain", "There is nothing to change here", 405);
  refused.headers.set("allow", "GET, HEAD");
  return refused;
}

/** Others may link to the page, but not ask for the rest: they could not read it, but keep the server busy. */
function isOwnSite({ headers }: Request): boolean {
  return OWN_SITES.has(headers.get("sec-fetch-site") ?? "none");
}

/** Values as server-sent events. */
async function* events(values: AsyncIterable<object>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield encoder.encode("retry: 1000\n\n");
  for await (const value of values) yield eventOf(value);
}

const encoder = new TextEncoder();
/** Written once for all who follow. */
const written = new WeakMap<object, Uint8Array<ArrayBuffer>>();

function eventOf(value: object): Uint8Array<ArrayBuffer> {
  let event = written.get(value);
  if (!event) written.set(value, event = encoder.encode(`data: ${JSON.stringify(value)}\n\n`));
  return event;
}

/**
 * Serves a page on 127.0.0.1 that shows something that runs. `Pipeline.serveDashboard()` does this for pipelines.
 *
 * @throws {TypeError} If an option is of the wrong kind, or unknown.
 * @throws {RangeError} If the port is not from 0 to 65535, or the token too short.
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
 *     const sampledAt = Date.now();
 *     const lines = [new Date(sampledAt).toLocaleTimeString("en-GB")];
 *     const whole = { run: "1", title: "clock", sampledAt, intervalMs: 1000, failures: [], facts: [], tables: [], drawing: 0 };
 *     yield { ...whole, state: "ended", isFinal: true, figures: { nodes: { hand: { lines } } }, snapshot: sampledAt };
 *   },
 *   close() {},
 * };
 * await using dashboard = serveDashboard(source);
 * const response = await fetch(`${dashboard.url}drawing`);
 * equal((await response.json()).description.title, "clock");
 * ```
 */
export function serveDashboard(source: LiveSource, options: DashboardOptions = {}): Dashboard {
  const { title } = source.description;
  checkDescription(source.description, source.widest);
  checkOptions(`serve the dashboard of "${title}"`, options, DASHBOARD_RULES);
  const { port = 0, token = randomToken() } = options;
  try {
    return new Dashboard(source, port, token);
  } catch (cause) {
    source.close();
    if (!(cause instanceof Deno.errors.AddrInUse)) throw cause;
    throw new Deno.errors.AddrInUse(`Cannot serve the dashboard of "${title}": port ${port} is in use`, { cause });
  }
}
