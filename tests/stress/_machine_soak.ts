/**
 * Three programs by a cluster of three servers, of which one at a time is killed and started again: a source, and two sinks that
 * keep the number of each frame with their output. Every frame must be in the output of both, in order, once.
 */

import { deepEqual } from "node:assert/strict";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { LineProgram, Notes } from "../cluster/_programs.ts";
import { NatsServer } from "../cluster/_server.ts";
import { Random } from "../ring/_helpers.ts";

export interface MachineSoakOptions {
  seed: number;
  /** Frames of the source. */
  frames: number;
  /** Minutes after which nobody is killed any more. */
  minutes: number;
  /** How often somebody is killed, at most. */
  kills: number;
  /** Frames that arrive at each sink from one kill to the next. */
  between: number;
  /** Told after each kill. */
  progress?: (report: MachineSoakReport) => void;
}

/** What has come of it so far. */
export interface MachineSoakReport {
  /** Frames in the output of both sinks. */
  frames: number;
  /** How often each was killed. */
  kills: Record<Victim, number>;
  /** Lines that sinks have left out, as they had the number already. */
  again: number;
  seconds: number;
}

const VICTIMS = ["source", "hub", "wall", "leader"] as const;
type Victim = typeof VICTIMS[number];

const STREAM = "RM_line_2eframes";

/** Who runs. */
class Machines implements AsyncDisposable {
  readonly servers: NatsServer[];
  readonly notes = { hub: new Notes(), wall: new Notes() };
  readonly #programs = new Map<Exclude<Victim, "leader">, LineProgram>();
  readonly #frames: number;
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  #run = 0;

  private constructor(servers: NatsServer[], connection: NatsConnection, manager: JetStreamManager, frames: number) {
    this.servers = servers;
    this.#connection = connection;
    this.#manager = manager;
    this.#frames = frames;
    for (const name of ["source", "hub", "wall"] as const) this.#start(name);
  }

  static async start(frames: number): Promise<Machines> {
    const servers = await NatsServer.startCluster();
    const connection = await connect({ servers: servers.map(({ url }) => url), maxReconnectAttempts: -1 });
    return new Machines(servers, connection, await jetstreamManager(connection, { timeout: 5000 }), frames);
  }

  #start(name: Exclude<Victim, "leader">): void {
    const url = this.servers.map((server) => server.url);
    const onNewRun = "resume";
    const source = {
      count: { total: this.#frames, run: ++this.#run, pauseMs: 1, resumes: true },
      publish: { onNewRun, readers: ["hub", "wall"], parcelBytes: 4096 },
    } as const;
    const sink = (reader: "hub" | "wall") => ({
      note: { path: this.notes[reader].path, byNumber: true, buffer: 20 },
      subscribe: { reader, onNewRun, commit: "explicit" },
    } as const);
    this.#programs.set(
      name,
      new LineProgram({ url, ...name === "source" ? source : sink(name) }, { watchdogMs: null }),
    );
  }

  /** Kills one, and starts it again. */
  async kill(victim: Victim): Promise<void> {
    if (victim === "leader") return await this.#killLeader();
    await this.#programs.get(victim)!.kill();
    this.#start(victim);
  }

  async #killLeader(): Promise<void> {
    const leader = (await this.#info())?.leader;
    if (leader === undefined) return;
    const server = this.servers[Number(leader.slice(1))];
    await server.kill();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await server.start();
  }

  async #info() {
    return await this.#manager.streams.info(STREAM).then(({ cluster }) => cluster, () => undefined);
  }

  /** Resolves when all servers have all that is stored: who has not may not be needed for it. */
  async untilCurrent(): Promise<void> {
    for (;;) {
      const cluster = await this.#info();
      if (cluster?.leader && cluster.replicas?.length === 2 && cluster.replicas.every(({ current }) => current)) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Resolves when so many frames are in the output of both sinks. */
  async reach(frames: number): Promise<void> {
    for (const notes of Object.values(this.notes)) await notes.reach(Math.min(frames, this.#frames));
  }

  /** How each has ended. */
  async end(): Promise<void> {
    for (const [name, program] of this.#programs) {
      const { code, err } = await program.ended;
      deepEqual([name, code], [name, 0], err);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs.values()) await program.kill();
    await this.#connection.close();
    for (const server of this.servers) await server[Symbol.asyncDispose]();
    for (const notes of Object.values(this.notes)) notes[Symbol.dispose]();
  }
}

/** A sink's output: lines whose number it has already are left out. Throws if one is missing. */
function outputOf(notes: Notes, isWhole: boolean, frames: number): { frames: number; again: number } {
  let next = 0;
  let again = 0;
  for (const [, number] of notes.read()) {
    if (number < next) again++;
    else deepEqual(number, next++);
  }
  if (isWhole) deepEqual(next, frames);
  return { frames: next, again };
}

/** Runs the machines to the end of the source. */
export async function soakMachines(options: MachineSoakOptions): Promise<MachineSoakReport> {
  const { seed, frames, minutes, between, progress } = options;
  const random = new Random(seed);
  const begun = performance.now();
  const kills: Record<Victim, number> = { source: 0, hub: 0, wall: 0, leader: 0 };
  await using machines = await Machines.start(frames);
  const report = (isWhole: boolean): MachineSoakReport => {
    const outputs = Object.values(machines.notes).map((notes) => outputOf(notes, isWhole, frames));
    const again = outputs.reduce((sum, output) => sum + output.again, 0);
    const least = Math.min(...outputs.map((output) => output.frames));
    return { frames: least, kills, again, seconds: (performance.now() - begun) / 1000 };
  };
  let left = options.kills;
  for (let reached = between; left > 0 && performance.now() - begun < minutes * 60_000; left--) {
    await machines.reach(reached);
    await machines.untilCurrent();
    const { frames: now } = report(false);
    if (now >= frames - between) break;
    // Each in turn in the first round, so that a short run has them all.
    const round = options.kills - left;
    const victim = round < VICTIMS.length ? VICTIMS[VICTIMS.length - 1 - round] : random.pick(VICTIMS);
    kills[victim]++;
    await machines.kill(victim);
    reached = report(false).frames + between;
    progress?.(report(false));
  }
  await machines.reach(frames);
  await machines.end();
  return report(true);
}
