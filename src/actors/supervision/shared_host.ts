/** The workers that kernels share, seen from the thread that has started them. */

import { HostedWorker } from "../../worker/hosted_worker.ts";
import { stopOnUnload } from "../../worker/unload.ts";
import { type FailureReport, reportTermination } from "../message/failure.ts";
import { addressIn, replyToIn } from "../message/message_record.ts";
import type { RecordBytes } from "../message/sheet.ts";
import { SHARED_HOST } from "../thread/kernel_host.ts";
import {
  type FromHost,
  type FromHostItself,
  type FromHostKernel,
  type FromHostOne,
  type FromSharedHost,
  isFromHost,
  type KernelJob,
  type ToHost,
  type ToHostOne,
  type ToKernel,
  type ToSharedHost,
} from "../thread/kernel_protocol.ts";
import { KnownMemories } from "../thread/known_memories.ts";
import type { Leftovers } from "../thread/local_post.ts";
import { MessageBatch } from "../thread/message_batch.ts";
import type { Settler } from "../thread/settler.ts";
import { createStation, openStation, type Station, type StationDescription } from "../thread/station.ts";
import { createTakenTable, type TakenRequest, TakenTable } from "../thread/taken_table.ts";
import { hear, type StartedKernel, type WorkerListener } from "./kernel_worker.ts";

/** What the hosts of a runtime need. */
export interface HostOptions {
  /** The most workers. */
  readonly workers: number;
  /** How many threads there may be. */
  readonly parties: number;
  /** Gives a new thread its number in queues. */
  takeThreadSlot(): number;
  /** Takes it back, once that thread has ended. */
  returnThreadSlot(threadSlot: number): void;
  /** Answers what a worker asks. */
  onQuestion(host: SharedHost, question: Extract<FromSharedHost, { kind: "find" | "find mailbox" }>): void;
  /** Fails requests. */
  readonly settler: Settler;
  /** Hears of a kernel that holds up its worker, by the id of its mailbox, and so many others. */
  onHeldUp(kernel: number, sinceMs: number, others: number): void;
}

/** How a kernel is started in a shared worker. */
export interface SharedOrder {
  readonly listener: WorkerListener;
  /** The id of its mailbox. */
  readonly kernel: number;
  newJob(threadSlot: number, left: readonly RecordBytes[]): KernelJob;
}

/** Later records are looked for so often, so many milliseconds apart, where a worker has ended and no other one begins. */
const SWEEPS = 3;
const SWEEP_MS = 50;

/** Workers are looked at so often. One that has not answered for some looks is held up: this thread was not just busy itself. */
const LOOK_MS = 1000;
const LOOKS = 2;

/** A worker that runs. */
interface Running {
  readonly worker: HostedWorker<ToHost, FromHost>;
  /** What is posted at the end of the turn. */
  readonly batch: MessageBatch<ToHostOne>;
  readonly threadSlot: number;
  readonly table: TakenTable;
  readonly memories: KnownMemories;
  readonly forgetUnload: () => void;
  /** By their numbers. */
  readonly kernels: Map<number, WorkerListener>;
  isAlive: boolean;
  /** Whether it has told what its kernels have not taken. */
  hasHandedOver: boolean;
}

function tell({ worker, batch, memories, isAlive }: Running, to: number, message: ToKernel): void {
  if (!isAlive) return;
  const posted = { to, message: memories.strip(message) };
  // Constants that cannot be cloned are the caller's mistake, who hears of it at once.
  if (message.kind !== "load" || message.job.params === undefined) return batch.add(posted);
  batch.flush();
  worker.post(posted);
}

/** A kernel that was started in a shared worker. */
class SharedKernel implements StartedKernel {
  readonly #running: Running;
  readonly #number: number;
  readonly #kernel: number;

  constructor(running: Running, number: number, kernel: number) {
    this.#running = running;
    this.#number = number;
    this.#kernel = kernel;
  }

  post(message: ToKernel): void {
    tell(this.#running, this.#number, message);
  }

  terminate(failure: FailureReport | null): void {
    if (this.#running.kernels.delete(this.#number)) this.post({ kind: "drop", failure });
  }

  get losesQueued(): boolean {
    const { isAlive, hasHandedOver } = this.#running;
    return !isAlive && !hasHandedOver;
  }

  /** A worker that lives fails what its kernels have taken itself. */
  taken(isGivenUp: boolean): TakenRequest[] {
    const { isAlive, table, hasHandedOver } = this.#running;
    return isAlive && !isGivenUp ? [] : table.of(this.#kernel, isGivenUp || !hasHandedOver);
  }
}

/** A place for kernels that share a worker: the next worker takes the place of one that has died. */
export class SharedHost {
  /** Where its worker gets what comes. */
  readonly description: StationDescription;
  /** As this thread sees that. */
  readonly station: Station;
  readonly #name: string;
  readonly #options: HostOptions;
  /** Kernels that have their place here, by the ids of their mailboxes. */
  readonly #tenants = new Set<number>();
  /** What a worker that has died has not taken. */
  readonly #left = new Map<number, RecordBytes[]>();
  #running: Running | null = null;
  #numbers = 0;
  /** By `performance.now()`: since when the worker has not answered; `null` if it has. */
  #askedAt: number | null = null;
  /** How often it was looked at meanwhile, in vain. */
  #looks = 0;
  /** How often its event loop had come round at the last look. */
  #turns = 0;

  constructor(name: string, options: HostOptions) {
    this.#name = name;
    this.#options = options;
    this.description = createStation(`worker ${name} of kernels`, options.parties);
    this.station = openStation(this.description, 0);
  }

  /** Kernels that have their place here. */
  get size(): number {
    return this.#tenants.size;
  }

  /** Whether its worker runs. */
  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** A kernel gets its place here. */
  add(kernel: number): void {
    this.#tenants.add(kernel);
  }

  /** Starts a kernel that has its place here. */
  start({ kernel, newJob, listener }: SharedOrder): { started: StartedKernel; job: KernelJob } {
    const running = this.#running ??= this.#begin();
    const left = this.#left.get(kernel) ?? [];
    const job = newJob(running.threadSlot, left);
    const number = ++this.#numbers;
    running.kernels.set(number, listener);
    try {
      tell(running, number, { kind: "load", job });
    } catch (error) {
      running.kernels.delete(number);
      running.memories.forgetLatest();
      throw error;
    }
    this.#left.delete(kernel);
    return { started: new SharedKernel(running, number, kernel), job };
  }

  /** Posts to its worker, if that runs. */
  post(message: ToSharedHost): void {
    const running = this.#running;
    if (!running) return;
    const { batch, memories } = running;
    if (message.kind === "forget" && !memories.forget(message.block)) return;
    const isTold = message.kind === "peer" || message.kind === "mailbox";
    batch.add({ host: isTold ? memories.strip(message) as typeof message : message });
  }

  #begin(): Running {
    const threadSlot = this.#options.takeThreadSlot();
    const memory = createTakenTable();
    const worker = new HostedWorker<ToHost, FromHost>(SHARED_HOST, { name: this.#name }, {
      isMessage: isFromHost,
      heard: (posted) => {
        for (const message of Array.isArray(posted) ? posted : [posted]) this.#hear(running, message);
      },
      broke: (incident) => this.#die(running, incident),
    });
    const running: Running = {
      worker,
      batch: new MessageBatch((messages) => {
        if (running.isAlive) worker.post(messages);
      }),
      threadSlot,
      table: new TakenTable(memory),
      memories: new KnownMemories(),
      forgetUnload: stopOnUnload(() => worker.terminate()),
      kernels: new Map(),
      isAlive: true,
      hasHandedOver: false,
    };
    this.#askedAt = null;
    worker.post({ host: { kind: "begin", station: this.description, threadSlot, table: memory } });
    return running;
  }

  #hear(running: Running, message: FromHostOne): void {
    if ("host" in message) this.#onOwn(running, message);
    else this.#onKernels(running, message);
  }

  #onKernels(running: Running, { from, message }: FromHostKernel): void {
    const listener = running.kernels.get(from);
    if (!listener) return;
    // A worker whose scope ends tells each of its kernels so; it takes no other ones.
    if (message.kind === "broken" && message.isWorkers) return this.#die(running, message.incident);
    hear(listener, message);
  }

  #onOwn(running: Running, { host: message }: FromHostItself): void {
    switch (message.kind) {
      case "pong":
        return void (this.#askedAt = null);
      case "left":
        running.hasHandedOver = true;
        return this.#keep(message.left);
      case "whose":
        if (this.#tenants.has(message.kernel)) return;
        return this.post({ kind: "ended", kernel: message.kernel, failure: null });
      default:
        return this.#options.onQuestion(this, message);
    }
  }

  #keep(left: Leftovers): void {
    for (const [kernel, records] of left) {
      this.#left.set(kernel, [...this.#left.get(kernel) ?? [], ...records]);
    }
  }

  #die(running: Running, incident: string): void {
    if (!running.isAlive) return;
    this.#end(running);
    this.#sweep(SWEEPS);
    for (const listener of running.kernels.values()) {
      listener.ended({ incident, isDead: true, hasReceived: false });
    }
  }

  #end(running: Running): void {
    running.isAlive = false;
    running.forgetUnload();
    running.worker.terminate();
    this.#options.returnThreadSlot(running.threadSlot);
    if (this.#running === running) this.#running = null;
    this.#askedAt = null;
  }

  /** While no worker runs: takes what has come for its kernels. */
  #sweep(times: number): void {
    if (this.#running || times === 0) return;
    const { queue } = this.station;
    for (let record = queue.take(); record; record = queue.take()) {
      const { kernel, isAnswer } = addressIn(record);
      if (isAnswer) continue;
      const copy = new Uint8Array(record);
      if (this.#tenants.has(kernel)) this.#keep([[kernel, [copy]]]);
      else this.#discard([copy], null);
    }
    Deno.unrefTimer(setTimeout(() => this.#sweep(times - 1), SWEEP_MS));
  }

  /** A kernel has ended for good. */
  leave(kernel: number, failure: FailureReport | null): void {
    this.#tenants.delete(kernel);
    this.post({ kind: "ended", kernel, failure });
    const left = this.#left.get(kernel) ?? [];
    this.#left.delete(kernel);
    this.#discard(left, failure);
  }

  /** Nobody will take these. */
  #discard(records: readonly RecordBytes[], failure: FailureReport | null): void {
    const requests = records.map(replyToIn).filter((one) => one !== null);
    this.#options.settler.settleAll(requests, failure ?? reportTermination("(ended)"));
  }

  /** Looks whether its worker answers, and asks it again if it has. Called every {@link LOOK_MS}. */
  look(): void {
    const { turns, running } = this.station;
    // A worker that has much to hear is not held up; one that no kernel has run in yet is starting.
    if (turns !== this.#turns || running === 0) this.#looks = 0;
    else if (this.#askedAt !== null && ++this.#looks === LOOKS) {
      this.#options.onHeldUp(running, this.#sinceMs, this.#tenants.size - 1);
    }
    this.#turns = turns;
    if (this.#askedAt !== null || !this.#running || this.#tenants.size === 0) return;
    this.#askedAt = performance.now();
    this.#looks = 0;
    this.post({ kind: "ping" });
  }

  get #sinceMs(): number {
    return this.#askedAt === null ? 0 : performance.now() - this.#askedAt;
  }

  /** For how long a kernel has held up its worker, by the id of its mailbox; 0 if it does not. */
  heldUpBy(kernel: number): number {
    return this.#looks >= LOOKS && this.#askedAt !== null && this.station.running === kernel ? this.#sinceMs : 0;
  }

  /** Ends its worker, with all that is left of its kernels. */
  end(): void {
    if (this.#running) this.#end(this.#running);
  }
}

/** The hosts of a runtime. They are made when they are needed. */
export class SharedHosts {
  readonly #options: HostOptions;
  readonly #hosts: SharedHost[] = [];
  #looking: ReturnType<typeof setInterval> | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  /** All that were made. */
  get all(): readonly SharedHost[] {
    return this.#hosts;
  }

  /** Workers that are running. */
  get size(): number {
    return this.#hosts.filter(({ isRunning }) => isRunning).length;
  }

  /** The host of a new kernel: a new one while there may be more, otherwise the one with the fewest kernels. */
  assign(kernel: number): SharedHost {
    const empty = this.#hosts.find(({ size }) => size === 0);
    const host = empty ?? (this.#hosts.length < this.#options.workers ? this.#make() : this.#leastBusy());
    host.add(kernel);
    return host;
  }

  #leastBusy(): SharedHost {
    return this.#hosts.reduce((least, host) => host.size < least.size ? host : least);
  }

  #make(): SharedHost {
    const host = new SharedHost(`${this.#hosts.length + 1}`, this.#options);
    this.#hosts.push(host);
    this.#looking ??= this.#look();
    return host;
  }

  #look(): ReturnType<typeof setInterval> {
    const timer = setInterval(() => {
      for (const host of this.#hosts) host.look();
    }, LOOK_MS);
    Deno.unrefTimer(timer);
    return timer;
  }

  /** Ends all workers. */
  end(): void {
    clearInterval(this.#looking);
    for (const host of this.#hosts) host.end();
  }
}
