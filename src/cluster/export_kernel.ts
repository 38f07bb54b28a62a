/** A kernel that programs on other machines may ask, and hand work to. */

import type { KernelHandle } from "../actors/kernel_handle.ts";
import type { KernelPool } from "../actors/kernel_pool.ts";
import type { Message, MessageEnvelope } from "../actors/message.ts";
import * as rules from "../rules.ts";
import { DEFAULT_GRACE_MS } from "../timers.ts";
import { within } from "../ring/within.ts";
import { FencedError } from "./errors.ts";
import { Claim } from "./jetstream/claim.ts";
import { Connection } from "./jetstream/connection.ts";
import { ensureClaims } from "./jetstream/server_stream.ts";
import { describeExport } from "./kernels/describe.ts";
import { exportClaimOf, type ExportDescription } from "./kernels/names.ts";
import { type AskedKernel, RequestDesk } from "./kernels/request_desk.ts";
import { WorkTaker } from "./kernels/work_taker.ts";
import { LinkFigures } from "./link_figures.ts";
import type { LinkState } from "../manager/metrics.ts";
import { type Transport, transportRule } from "./transport.ts";

/** Options of {@link exportKernel}. */
export interface ExportKernelOptions {
  /** The server, as `nats()` makes it. */
  transport: Transport;
  /**
   * The id that others know it by.
   *
   * @default {kernel.id}
   */
  id?: string;
  /**
   * How many messages of work it has at a time, 1 or more. What it has is done in the order in which it was sent.
   *
   * @default {1, of a pool one for each member}
   */
  inFlight?: number;
  /**
   * How often a message of work is tried, 1 or more; then it is a dead letter. An attempt that ends with its program, or with the
   * export, counts.
   *
   * @default {5}
   */
  attempts?: number;
  /**
   * Milliseconds before the second attempt; twice as long before each further one, 10 s at most.
   *
   * @default {1000}
   */
  retryMs?: number;
  /**
   * Whether several programs may export it, each of which says so. Each request goes to one of them, work to whichever asks for it.
   *
   * @default {false}
   */
  shared?: boolean;
  /**
   * Where the server keeps work and dead letters. What is in memory is lost with the server.
   *
   * @default {"file"}
   */
  keep?: "file" | "memory";
  /**
   * On how many servers of a cluster they are kept, 1 to 5.
   *
   * @default {3 in a cluster, otherwise 1}
   */
  replicas?: number;
  /**
   * How many bytes of work, and of dead letters, the server keeps: senders wait while there is no room.
   *
   * @default {67108864}
   */
  maxBytes?: number;
  /** Ends the attempt to connect. */
  signal?: AbortSignal;
}

/** What each option of {@link exportKernel} must be. */
export const EXPORT_RULES: rules.Rules = {
  transport: transportRule,
  id: rules.name,
  inFlight: rules.integer(1, 1000),
  attempts: rules.integer(1),
  retryMs: rules.duration,
  shared: rules.boolean,
  keep: rules.oneOf(["file", "memory"]),
  replicas: rules.integer(1, 5),
  maxBytes: rules.integer(65_536),
  signal: rules.signal,
};

/** What is counted of an exported kernel, since it was exported. */
export interface ExportFigures {
  /** How the connection to the server is. */
  readonly state: LinkState;
  /** How often the connection has come back. */
  readonly reconnects: number;
  /** Requests that came. */
  readonly requests: number;
  /** Of these, those that were answered by an error. */
  readonly failures: number;
  /** Requests and messages of work that it has now. */
  readonly inHand: number;
  /** Messages of work that were done. */
  readonly done: number;
  /** Attempts at work that have failed, and were not the last. */
  readonly retries: number;
  /** Messages of work that have become dead letters. */
  readonly deadLetters: number;
}

interface Parts {
  readonly kernel: AskedKernel & { readonly ended: Promise<unknown> };
  readonly connection: Connection;
  readonly figures: LinkFigures;
  readonly desk: RequestDesk;
  readonly taker: WorkTaker;
  readonly stopped: AbortController;
  readonly abandoned: AbortController;
  readonly owned: AsyncDisposableStack;
}

/** A kernel that other programs may use, until it is closed. It keeps its program alive. */
export class ExportedKernel implements AsyncDisposable {
  /** The id that others know it by. */
  readonly id: string;
  /** Resolves when it is exported no more: to why, or `null` if it was closed or its kernel has ended. It never rejects. */
  readonly ended: Promise<Error | null>;
  readonly #parts: Parts;
  readonly #end: (error: Error | null) => void;
  readonly #taking: Promise<void>;
  #closing: Promise<void> | undefined;

  /** {@link exportKernel} makes it. */
  constructor(parts: Parts) {
    const { promise, resolve } = Promise.withResolvers<Error | null>();
    this.id = parts.kernel.id;
    this.ended = promise;
    this.#end = resolve;
    this.#parts = parts;
    this.#taking = parts.taker.run().catch((error) => void this.#fail(error));
    parts.connection.onFailure = () => this.#fail(parts.connection.failure!);
    if (parts.connection.failure) this.#fail(parts.connection.failure);
    parts.kernel.ended.then(() => this.close());
  }

  /** Its figures at this moment. */
  get figures(): ExportFigures {
    const { figures, desk, taker } = this.#parts;
    const { state, reconnects } = figures.read();
    return { state, reconnects, ...desk.figures, ...taker.figures, inHand: desk.open + taker.inHand };
  }

  #fail(error: Error): void {
    // A connection that is closed on purpose says so, too.
    if (this.#closing) return;
    this.#end(error);
    this.#close(0);
  }

  /**
   * Takes no more, waits at most a second until the work in hand is done, and gives the rest back to the server. Requests that are
   * open are answered by an error. The kernel itself runs on.
   */
  close(): Promise<void> {
    return this.#close(DEFAULT_GRACE_MS);
  }

  #close(graceMs: number): Promise<void> {
    return this.#closing ??= this.#shut(graceMs);
  }

  async #shut(graceMs: number): Promise<void> {
    const { figures, desk, stopped, abandoned, owned } = this.#parts;
    stopped.abort();
    desk[Symbol.dispose]();
    await within(this.#taking, graceMs);
    abandoned.abort();
    await this.#taking;
    await owned.disposeAsync();
    figures.setState("ended");
    this.#end(null);
  }

  /** As {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Lets programs on other machines use a kernel, or a pool, that this program has launched: nothing is remote by accident. They reach
 * it by `remoteKernel()`. Requests are answered with what the kernel answers. Work is kept by the server until the kernel has
 * answered it: at least once, `attempts` times at most, then it is a dead letter.
 *
 * @throws {TypeError | RangeError} If an option is not what it must be.
 * @throws {FencedError} If another program exports a kernel of that id, unless both say `shared`.
 * @throws {TransportError} If there is no server, or it refuses the program.
 *
 * @example
 * ```ts
 * import { exportKernel, nats } from "@ringmill/ringmill/cluster";
 * import { message, reply, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";
 *
 * const Job = message("Job").of<{ file: string }>();
 * const Done = message("Done").of<{ bytes: number }>();
 * const measure = ringKernel({ id: "measure", module: import.meta, input: Job, output: Done }, async (ctx) => {
 *   for await (const job of ctx) {
 *     const { size } = await Deno.stat(job.file);
 *     await ctx.send(reply(job, Done({ bytes: size })));
 *   }
 * });
 *
 * if (import.meta.main) {
 *   await using runtime = new RingKernelRuntime();
 *   const kernel = await runtime.kernelScope("measure", measure);
 *   await using exported = await exportKernel(kernel, { transport: nats("nats://hub:4222") });
 *   await exported.ended;
 * }
 * ```
 */
export async function exportKernel<In extends MessageEnvelope = Message, Out extends MessageEnvelope = Message>(
  kernel: KernelHandle<In, Out> | KernelPool<In, Out>,
  options: ExportKernelOptions,
): Promise<ExportedKernel> {
  if (typeof kernel?.id !== "string") {
    throw new TypeError(`Cannot export a kernel: expected the handle of one, received ${Deno.inspect(kernel)}`);
  }
  const id = options?.id ?? kernel.id;
  const action = `export kernel "${id}"`;
  rules.checkOptions(action, options, EXPORT_RULES);
  rules.checkRule(action, "transport", transportRule, options?.transport);
  const { transport, inFlight = membersOf(kernel), attempts = 5, retryMs = 1000, shared = false } = options;
  if (transport.engine !== "nats") {
    throw new TypeError(`Cannot ${action}: by TCP there is nobody who keeps work: use nats()`);
  }
  const { keep = "file", replicas = null, maxBytes = 64 * 1024 * 1024 } = options;
  const asked = {
    id,
    ended: kernel.ended,
    request: (message: MessageEnvelope, wait: object) =>
      kernel.request(message as In, wait) as Promise<MessageEnvelope>,
  };
  const [stopped, abandoned] = [new AbortController(), new AbortController()];
  await using owned = new AsyncDisposableStack();
  const figures = LinkFigures.make();
  const opening = options.signal ? AbortSignal.any([options.signal, stopped.signal]) : stopped.signal;
  const connection = owned.use(await Connection.open(transport, { action, figures }, opening));
  await checkAlone(connection, id, shared, action);
  if (!shared) {
    await ensureClaims(connection, { replicas }, opening);
    const claim = await Claim.take(connection, exportClaimOf(id), action, opening);
    owned.defer(() => claim.release(RELEASE_MS));
  }
  const signals = { stopped: stopped.signal, abandoned: abandoned.signal };
  const work = { inFlight, attempts, retryMs, keep, replicas, maxBytes };
  const taker = await WorkTaker.open(connection, asked, work, signals);
  const desk = new RequestDesk(connection, asked, descriptionOf(kernel, shared));
  owned.defer(() => connection.flush(RELEASE_MS));
  // Whoever hears that it is exported may ask it at once.
  await connection.ask(() => connection.core.flush(), opening);
  return new ExportedKernel({
    kernel: asked,
    connection,
    figures,
    desk,
    taker,
    stopped,
    abandoned,
    owned: owned.move(),
  });
}

/** How long a program that ends tells the server so. */
const RELEASE_MS = 200;

function membersOf(kernel: object): number {
  return "members" in kernel ? (kernel.members as readonly string[]).length : 1;
}

function descriptionOf(kernel: Pick<KernelHandle, "definition">, shared: boolean): ExportDescription {
  const { input, output } = kernel.definition;
  const names = (types: readonly { readonly messageType: string }[] | null) =>
    types && types.map(({ messageType }) => messageType);
  return { input: names(input), output: names(output), shared, host: Deno.hostname(), pid: Deno.pid };
}

/** @throws {FencedError} If another program exports it, unless both say that several may. */
async function checkAlone(connection: Connection, id: string, shared: boolean, action: string): Promise<void> {
  const other = await describeExport(connection.core, id);
  if (!other || shared && other.shared) return;
  const who = `${JSON.stringify(other.host)}, pid ${other.pid}`;
  const rule = shared ? "another program exports it alone" : "another program exports it";
  throw new FencedError(`Cannot ${action}: ${rule}: ${who}; if several may, each says shared: true`);
}
