/** A connection to a NATS server that outlives cuts and restarts, and knows what is worth another attempt. */

import {
  jetstream,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
} from "@nats-io/jetstream";
import { connect, type ConnectionOptions, type NatsConnection, type ServerInfo } from "@nats-io/transport-node";
import { TransportError } from "../errors.ts";
import { within } from "../../ring/within.ts";
import { untilAborted } from "../../worker/until_aborted.ts";
import { sleepUntil } from "../sleep.ts";
import type { LinkDescription } from "../link.ts";
import type { LinkFigures } from "../link_figures.ts";
import { DEFAULT_LEASE_MS, type NatsEndpoint } from "../transport.ts";
import { connectionOptions } from "./connection_options.ts";
import { Silence } from "./silence.ts";

/** How long one question to the server may take. */
const ANSWER_MS = 3000;
/** Between two attempts. */
const PAUSE_MS = 200;
/** What a server cannot answer now, but may later. */
const UNAVAILABLE = 503;
/** What the server answers if it has JetStream, but not for this program's account. */
const NOT_FOR_ACCOUNT = "JetStream not enabled for account";

interface ConnectionParts {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly action: string;
  readonly endpoint: NatsEndpoint;
  readonly figures: LinkFigures;
}

/** A connection of one end. */
export class Connection implements AsyncDisposable {
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly #connection: NatsConnection;
  readonly #action: string;
  readonly #endpoint: NatsEndpoint;
  readonly #figures: LinkFigures;
  readonly #failed = Promise.withResolvers<never>();
  #known: ServerInfo;
  /** Called when the connection cannot go on. */
  onFailure: (() => void) | undefined;
  /** Why it cannot go on. */
  failure: Error | undefined;
  readonly #silence: Silence;

  private constructor({ connection, manager, action, endpoint, figures }: ConnectionParts) {
    this.#figures = figures;
    this.#connection = connection;
    this.#known = connection.info!;
    this.#action = action;
    this.#endpoint = endpoint;
    this.#silence = new Silence(endpoint, action);
    this.client = jetstream(connection, { timeout: ANSWER_MS });
    this.manager = manager;
    this.#failed.promise.catch(() => {});
    this.#follow();
  }

  /**
   * Connects.
   *
   * @throws {TransportError} If there is no server, or none that can carry links, or it refuses the program.
   */
  static async open(
    endpoint: NatsEndpoint,
    { action, figures }: Pick<LinkDescription, "action" | "figures">,
    signal: AbortSignal,
  ): Promise<Connection> {
    const connection = await connectUntil(endpoint, action, signal);
    try {
      checkVersion(connection, action);
      const manager = await jetstreamManager(connection, { timeout: ANSWER_MS, checkAPI: false });
      if (!endpoint.options.waitOnFirstConnect) await checkJetStream(connection, manager, action, signal);
      figures.setState("connected");
      return new Connection({ connection, manager, action, endpoint, figures });
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** The connection itself, for what is not kept. */
  get core(): NatsConnection {
    return this.#connection;
  }

  /** What the server has told of itself. The client forgets that while it reconnects. */
  get #server(): ServerInfo {
    return this.#known = this.#connection.info ?? this.#known;
  }

  /** Whether the server is one of a cluster. */
  get isClustered(): boolean {
    return this.#server.cluster !== undefined;
  }

  /** How long an end is held after the last sign of life of whoever holds it. */
  get leaseMs(): number {
    return this.#endpoint.options.leaseMs ?? DEFAULT_LEASE_MS;
  }

  /** The largest message that the server takes. */
  get maxPayload(): number {
    return this.#server.max_payload;
  }

  /** What is not permitted is only an event of the client, and so is the end of a connection. */
  async #follow(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === "disconnect") this.#figures.setState("interrupted");
      if (status.type === "reconnect") this.#cameBack();
      if (status.type !== "error") continue;
      const { name, message } = status.error;
      if (/Permission|Authorization|Authentication/.test(name)) {
        this.fail(new TransportError(`Cannot ${this.#action}: ${this.where}: ${message}`, { cause: status.error }));
      }
    }
    this.fail(new TransportError(`Cannot ${this.#action}: the connection to ${this.where} was closed`));
  }

  #cameBack(): void {
    this.#figures.setState("connected");
    this.#figures.add("reconnects", 1);
  }

  /** The servers, for errors. */
  get where(): string {
    return this.#endpoint.servers.join(", ");
  }

  /** Ends all attempts. */
  fail(error: Error): void {
    if (this.failure) return;
    this.failure = error;
    this.#failed.reject(error);
    this.onFailure?.();
  }

  /** Throws if the connection cannot go on. */
  check(): void {
    if (this.failure) throw this.failure;
  }

  /**
   * What a call to the server results in, again and again until it answers.
   *
   * @throws {JetStreamApiError} What it has answered, if that is an error that stays.
   * @throws {TransportError} If it does not answer for too long.
   */
  async ask<Result>(call: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    for (;;) {
      this.check();
      signal?.throwIfAborted();
      try {
        const result = await untilAborted(Promise.race([call(), this.#failed.promise]), signal);
        this.answered();
        return result;
      } catch (error) {
        this.check();
        signal?.throwIfAborted();
        if (error instanceof JetStreamApiError && error.status !== UNAVAILABLE) throw error;
        this.unanswered(error);
        await sleepUntil(PAUSE_MS, signal);
      }
    }
  }

  /** The server has answered. */
  answered(): void {
    if (this.#silence.end()) this.#figures.setState("connected");
  }

  /**
   * The server has not answered.
   *
   * @throws {TransportError} If that is so for too long.
   */
  unanswered(cause: unknown): void {
    this.#figures.setState("interrupted");
    try {
      this.#silence.goOn(cause);
    } catch (error) {
      this.fail(error as Error);
      this.check();
    }
  }

  /** Waits until the server has what was sent, for so long at most. */
  async flush(ms: number): Promise<void> {
    if (!this.failure && !this.#connection.isClosed()) await within(this.#connection.flush().catch(() => {}), ms);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }
}

const LEAST_VERSION = [2, 14];

function checkVersion({ info }: NatsConnection, action: string): void {
  const [major, minor] = info!.version.split(".").map(Number);
  if (major > LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor >= LEAST_VERSION[1])) return;
  const least = LEAST_VERSION.join(".");
  throw new TransportError(
    `Cannot ${action}: the server must be nats-server ${least} or later, but is ${info!.version}`,
  );
}

/** A server without JetStream may know others that have it. */
async function checkJetStream(
  { info }: NatsConnection,
  manager: JetStreamManager,
  action: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await untilAborted(manager.getAccountInfo(), signal);
  } catch (cause) {
    signal.throwIfAborted();
    const isForAccount = (cause as Error).message === NOT_FOR_ACCOUNT;
    if (info!.jetstream && !isForAccount) return;
    const what = isForAccount
      ? "the program's account at the server has no JetStream"
      : `nats-server ${info!.host}:${info!.port} has no JetStream: start it with --jetstream`;
    throw new TransportError(`Cannot ${action}: ${what}`, { cause });
  }
}

/** A connection that comes when nobody waits for it any more is closed. */
async function connectOnce(options: ConnectionOptions, signal: AbortSignal): Promise<NatsConnection> {
  const connecting = connect(options);
  try {
    return await untilAborted(connecting, signal);
  } catch (error) {
    connecting.then((late) => late.close(), () => {});
    throw error;
  }
}

/** Connects; a program that may come before its server waits. */
async function connectUntil(endpoint: NatsEndpoint, action: string, signal: AbortSignal): Promise<NatsConnection> {
  const options = await connectionOptions(endpoint, action);
  const silence = new Silence(endpoint, action);
  for (;;) {
    signal.throwIfAborted();
    try {
      const connection = await connectOnce(options, signal);
      silence.end();
      return connection;
    } catch (error) {
      signal.throwIfAborted();
      const { name, message } = error as Error;
      const isRefused = /Authorization|Authentication|Permission|certificate/i.test(`${name} ${message}`);
      if (isRefused || !endpoint.options.waitOnFirstConnect) {
        throw new TransportError(`Cannot ${action}: ${endpoint.servers.join(", ")}: ${message}`, { cause: error });
      }
      silence.goOn(error);
      await sleepUntil(PAUSE_MS, signal);
    }
  }
}
