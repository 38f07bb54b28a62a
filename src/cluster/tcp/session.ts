/**
 * The session of one end of a link with the other: connections that come and go, of which one at a time counts.
 *
 * The end whose address the URL is listens, the other one connects: whoever can listen there does, unless told otherwise.
 */

import { tell } from "../../notices.ts";
import { formatDuration } from "../../units.ts";
import { untilAborted } from "../../worker/until_aborted.ts";
import { FencedError, SchemaMismatchError, TransportError } from "../errors.ts";
import type { LostPeerPolicy } from "../../pipeline/carry.ts";
import type { LinkDescription } from "../link.ts";
import { sleepUntil } from "../sleep.ts";
import { DEFAULT_LEASE_MS, type TcpEndpoint } from "../transport.ts";
import { Channel, type ChannelMessage, TYPE } from "./channel.ts";
import {
  encode,
  type Hello,
  isSameProof,
  parseHello,
  parseRefusal,
  proofOf,
  PROTOCOL,
  type Refusal,
  whyNotUnderstood,
} from "./hello.ts";

/** How long an attempt to connect may take: a host that is switched off answers nothing for minutes. */
const CONNECT_MS = 5000;
/** Between two attempts to connect. */
const PAUSE_MS = 100;
/** How long a goodbye may take. */
const GOODBYE_MS = 300;
/** How long the other end may take to say who it is. */
const HELLO_MS = 5000;
/** After so long without the other end the terminal hears of it. */
const WARN_MS = 5000;
/** Bytes of a message besides a parcel. */
const SURPLUS_BYTES = 1024;
const MOST_PARCEL_BYTES = 8 * 1024 * 1024;

/** What a session tells its end. */
export interface SessionEnd {
  readonly end: Hello["end"];
  /** The other end is there. */
  opened(channel: Channel, hello: Hello): void;
  /** It says something. */
  heard(message: ChannelMessage): void;
  /** Resolves when more may be heard. */
  room(): Promise<void>;
  /** Something has changed: the other end has gone, or nothing goes on at all. */
  changed(): void;
}

/** What a link must say for a session. */
export interface SessionDescription extends LinkDescription {
  readonly onLostPeer: LostPeerPolicy;
  readonly peerTimeoutMs: number;
}

/** One session. */
export class Session implements AsyncDisposable {
  /** Why nothing goes on. */
  failure: Error | undefined;
  /** Whether the other end has said that it leaves. */
  hasLeft = false;
  readonly #endpoint: TcpEndpoint;
  readonly #description: SessionDescription;
  readonly #end: SessionEnd;
  readonly #hello: Hello;
  readonly #token: string | null;
  readonly #closing = new AbortController();
  readonly #channels = new Set<Channel>();
  readonly #serving = new Map<Channel, Promise<void>>();
  readonly #timer: ReturnType<typeof setInterval>;
  #listener: Deno.Listener | undefined;
  #peer: { readonly channel: Channel; readonly hello: Hello } | undefined;
  #lostSince = performance.now();
  #isWarned = false;
  /** Why the other end is not there, as far as it is known. */
  #reason: string | undefined;
  #wasThere = false;
  #work: Promise<void> | undefined;

  private constructor(endpoint: TcpEndpoint, description: SessionDescription, end: SessionEnd, token: string | null) {
    this.#endpoint = endpoint;
    this.#description = description;
    this.#end = end;
    this.#token = token;
    const { link, schema } = description;
    const who = { owner: crypto.randomUUID(), host: Deno.hostname(), pid: Deno.pid, since: new Date().toISOString() };
    this.#hello = { protocol: PROTOCOL, link, schema, end: end.end, ...who, nonce: crypto.randomUUID() };
    this.#timer = setInterval(() => this.#beat(), this.#leaseMs / 3);
  }

  /** Listens, or begins to connect. */
  static async open(endpoint: TcpEndpoint, description: SessionDescription, end: SessionEnd): Promise<Session> {
    const { tokenFile } = endpoint.options;
    const token = tokenFile === undefined ? null : await readToken(tokenFile, description.action);
    const session = new Session(endpoint, description, end, token);
    try {
      session.#listener = session.#listen();
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
    session.#work = session.#listener ? session.#acceptAll(session.#listener) : session.#connectAll();
    return session;
  }

  get #leaseMs(): number {
    return this.#endpoint.options.leaseMs ?? DEFAULT_LEASE_MS;
  }

  get #address(): { hostname: string; port: number } {
    const { hostname, port } = new URL(this.#endpoint.servers[0].replace(/^tcp:/, "http:"));
    return { hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port) + this.#description.offset };
  }

  get #where(): string {
    const { hostname, port } = this.#address;
    return `tcp://${hostname}:${port}`;
  }

  #cannot(what: string): TransportError {
    return new TransportError(`Cannot ${this.#description.action}: ${what}`);
  }

  #listen(): Deno.Listener | undefined {
    const { role } = this.#endpoint.options;
    if (role === "connect") return undefined;
    try {
      return Deno.listen(this.#address);
    } catch (error) {
      // Somebody else listens there, the other end probably; or the address is of another machine.
      if (role === undefined && !(error instanceof Deno.errors.NotCapable)) return undefined;
      throw this.#cannot(`it cannot listen at ${this.#where}: ${(error as Error).message}`);
    }
  }

  async #acceptAll(listener: Deno.Listener): Promise<void> {
    for (;;) {
      let connection: Deno.Conn;
      try {
        connection = await listener.accept();
      } catch (error) {
        if (!this.#closing.signal.aborted) this.fail(this.#cannot(`${this.#where}: ${(error as Error).message}`));
        return;
      }
      this.#serve(connection);
    }
  }

  async #connectAll(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted && !this.failure) {
      try {
        if (await this.#serve(await this.#connect())) continue;
        this.#reason ??= "what is there is not the other end";
      } catch (error) {
        if (error instanceof Deno.errors.NotCapable) {
          return this.fail(this.#cannot(`it cannot connect to ${this.#where}: ${error.message}`));
        }
        this.#reason = (error as Error).message;
        // The other end was perhaps not the one that had the address.
        this.#listener = this.#listen();
        if (this.#listener) return await this.#acceptAll(this.#listener);
      }
      await sleepUntil(PAUSE_MS, signal).catch(() => {});
    }
  }

  /** A connection. One that comes when it is not waited for any more is closed. */
  async #connect(): Promise<Deno.Conn> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(CONNECT_MS)]);
    const connecting = Deno.connect({ ...this.#address, signal });
    try {
      return await untilAborted(connecting, signal);
    } catch (error) {
      connecting.then((late) => late.close(), () => {});
      throw signal.aborted ? new Error(`no answer within ${formatDuration(CONNECT_MS)}`) : error;
    }
  }

  /** Who listens hears of nobody, or of those whom it has refused. */
  #warn(lostMs: number): void {
    if (this.#isWarned || lostMs < WARN_MS) return;
    this.#isWarned = true;
    const why = this.#reason ?? "nobody is at the other end";
    const next = this.#listener ? "it is waited for" : "it is tried again";
    tell(`Cannot ${this.#description.action} at the moment: ${this.#where}: ${why}; ${next}`);
  }

  /** A connection from its begin to its end. Whether the other end was there. */
  async #serve(connection: Deno.Conn): Promise<boolean> {
    if (connection.remoteAddr.transport === "tcp") (connection as Deno.TcpConn).setNoDelay(true);
    using channel = new Channel(connection, MOST_PARCEL_BYTES + SURPLUS_BYTES);
    this.#channels.add(channel);
    try {
      const hello = await this.#greet(channel);
      if (!hello || !await this.#admit(channel, hello)) return false;
      const hearing = this.#hear(channel);
      this.#serving.set(channel, hearing);
      await hearing;
      return true;
    } finally {
      this.#serving.delete(channel);
      this.#channels.delete(channel);
      if (this.#peer?.channel === channel) this.#lose();
    }
  }

  /** Who the other end is, once it has proved that it may be. */
  async #greet(channel: Channel): Promise<Hello | null> {
    const timer = setTimeout(() => channel[Symbol.dispose](), HELLO_MS);
    try {
      await channel.send(TYPE.hello, encode(this.#hello));
      const first = await channel.receive();
      if (first?.type === TYPE.refusal) this.#refused(parseRefusal(first.body));
      const hello = first?.type === TYPE.hello ? parseHello(first.body) : null;
      if (!hello) return null;
      await channel.send(TYPE.proof, await proofOf(this.#token, hello.nonce, this.#end.end));
      const proof = await channel.receive();
      if (proof?.type === TYPE.refusal) this.#refused(parseRefusal(proof.body));
      if (proof?.type !== TYPE.proof) return null;
      const expected = await proofOf(this.#token, this.#hello.nonce, hello.end);
      if (isSameProof(proof.body, expected)) return hello;
      await this.#refuse(channel, { kind: "other", text: "the other end has another token" });
      return null;
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  async #refuse(channel: Channel, refusal: Refusal): Promise<void> {
    this.#refused(refusal);
    await channel.send(TYPE.refusal, encode(refusal)).catch(() => {});
  }

  /** Who connects and is refused will be so again; who listens need not care for what strangers say. */
  #refused({ kind, text }: Refusal): void {
    this.#reason = text;
    if (this.#listener) return;
    const message = `Cannot ${this.#description.action}: ${this.#where}: ${text}`;
    this.fail(kind === "fenced" ? new FencedError(message) : new TransportError(message));
  }

  /** Whether a connection is the one that counts from now on. */
  async #admit(channel: Channel, hello: Hello): Promise<boolean> {
    const refuse = async (text: string, kind: Refusal["kind"] = "other") => {
      await this.#refuse(channel, { kind, text });
      return false;
    };
    const { protocol, link, end, schema, owner } = hello;
    const own = this.#description;
    const why = whyNotUnderstood(protocol);
    if (why !== null) return await refuse(why);
    if (link !== own.link) return await refuse(`link "${own.link}" is here, it carries "${link}"`);
    if (end === this.#end.end) return await refuse(`it is a ${end}, as the program that is here`);
    if (schema !== own.schema) return await this.#mismatch(schema);
    const known = this.#peer;
    if (known && known.hello.owner !== owner && performance.now() - known.channel.heardAt < this.#leaseMs) {
      const { host, pid, since } = known.hello;
      return await refuse(
        `another program has this end of the link: ${JSON.stringify(host)}, pid ${pid}, since ${since}`,
        "fenced",
      );
    }
    known?.channel[Symbol.dispose]();
    this.#peer = { channel, hello };
    this.hasLeft = this.#isWarned = false;
    this.#description.figures.setState("connected");
    this.#description.figures.setLost(null);
    if (this.#wasThere) this.#description.figures.add("reconnects", 1);
    this.#wasThere = true;
    this.#end.opened(channel, hello);
    return true;
  }

  /** Both ends find it out by themselves, if each lets the other. */
  async #mismatch(schema: string): Promise<boolean> {
    await sleepUntil(GOODBYE_MS);
    const { action, link, schema: own } = this.#description;
    this.fail(
      new SchemaMismatchError(`Cannot ${action}: the other end of link "${link}" declares ${schema}, this one ${own}`),
    );
    return false;
  }

  async #hear(channel: Channel): Promise<void> {
    for (;;) {
      await this.#end.room();
      channel.heardAt = performance.now();
      const message = await channel.receive();
      if (!message || this.#peer?.channel !== channel) return;
      if (message.type === TYPE.refusal) return this.#refused(parseRefusal(message.body));
      if (message.type === TYPE.bye) {
        this.hasLeft = true;
        return;
      }
      if (message.type !== TYPE.ping) this.#end.heard(message);
    }
  }

  #lose(): void {
    this.#peer = undefined;
    this.#reason = undefined;
    this.#lostSince = performance.now();
    this.#description.figures.setState("interrupted");
    this.#end.changed();
  }

  /** Shows that this end is there, and looks whether the other one is. */
  #beat(): void {
    const { peerTimeoutMs } = this.#description;
    const channel = this.#peer?.channel;
    if (channel) channel.send(TYPE.ping).catch(() => {});
    if (channel && performance.now() - channel.heardAt > Math.max(this.#leaseMs, peerTimeoutMs)) {
      channel[Symbol.dispose]();
    }
    this.#description.figures.setLost(this.lostMs);
    const lostMs = this.lostMs ?? 0;
    this.#warn(lostMs);
    this.#giveUp(lostMs);
    this.#end.changed();
  }

  #giveUp(lostMs: number): void {
    const { giveUpMs = Infinity } = this.#endpoint.options;
    if (lostMs < giveUpMs) return;
    const why = this.#reason === undefined ? "" : `: ${this.#reason}`;
    const what = `nobody was at the other end for ${Math.round(lostMs)} ms${why}; giveUpMs is ${giveUpMs}`;
    this.fail(this.#cannot(`${this.#where}: ${what}`));
  }

  /** For how long the other end has not been there; `null` if it is. */
  get lostMs(): number | null {
    return this.#peer ? null : performance.now() - this.#lostSince;
  }

  /** Whether the other end has left, or was not there for so long that it is not waited for. */
  get isLost(): boolean {
    return !this.#peer && (this.hasLeft || performance.now() - this.#lostSince >= this.#description.peerTimeoutMs);
  }

  /** What has become of it. */
  get lostText(): string {
    return this.hasLeft ? "was stopped" : `has not been there for ${formatDuration(this.lostMs)}`;
  }

  /** Nothing goes on any more. */
  fail(error: Error): void {
    if (this.failure) return;
    this.failure = error;
    this.#closing.abort();
    this.#listener?.close();
    this.#listener = undefined;
    for (const channel of this.#channels) channel[Symbol.dispose]();
    this.#end.changed();
  }

  /** @throws {Error} If nothing goes on. */
  check(): void {
    if (this.failure) throw this.failure;
  }

  /** What was sent must arrive: a connection that is closed with something unread loses it. */
  async #sayGoodbye(channel: Channel): Promise<void> {
    const said = channel.send(TYPE.bye).then(() => channel.end(), () => {});
    const heard = this.#serving.get(channel);
    await Promise.race([Promise.all([said, heard]), sleepUntil(GOODBYE_MS)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    this.#listener?.close();
    const channel = this.#peer?.channel;
    if (channel && !this.failure) await this.#sayGoodbye(channel);
    for (const open of this.#channels) open[Symbol.dispose]();
    await this.#work;
  }
}

async function readToken(path: string, action: string): Promise<string> {
  const token = await Deno.readTextFile(path).catch((cause) => {
    throw new TransportError(`Cannot ${action}: ${path} cannot be read: ${cause.message}`, { cause });
  });
  if (token.trim() === "") throw new TransportError(`Cannot ${action}: ${path} holds no token`);
  return token.trim();
}
