/** The workers that kernels share, seen from the thread that has started them. */

import { HostedWorker } from "../../worker/hosted_worker.ts";
import { stopOnUnload } from "../../worker/unload.ts";
import { SHARED_HOST } from "../thread/kernel_host.ts";
import { type FromHost, isFromHost, type ToHost, type ToKernel } from "../thread/kernel_protocol.ts";
import { KnownMemories } from "../thread/known_memories.ts";
import { hear, type StartedKernel, type WorkerOrder } from "./kernel_worker.ts";

/** What the hosts of a runtime need. */
export interface HostOptions {
  /** The most workers. */
  readonly workers: number;
  /** Gives a new thread its number in queues. */
  takeThreadSlot(): number;
  /** Takes it back, once that thread has ended. */
  returnThreadSlot(threadSlot: number): void;
}

/** A worker of many kernels. */
class SharedHost {
  /** Its number in queues. */
  readonly threadSlot: number;
  readonly #worker: HostedWorker<ToHost, FromHost>;
  readonly #memories = new KnownMemories();
  readonly #kernels = new Map<number, WorkerOrder>();
  readonly #onDead: (host: SharedHost) => void;
  readonly #forgetUnload: () => void;
  #numbers = 0;
  /** Kernels that are assigned to it, and not started yet. */
  #expected = 0;

  constructor(name: string, threadSlot: number, onDead: (host: SharedHost) => void) {
    this.threadSlot = threadSlot;
    this.#onDead = onDead;
    this.#worker = new HostedWorker(SHARED_HOST, { name }, {
      isMessage: isFromHost,
      heard: (message) => this.#onMessage(message),
      broke: (incident) => this.#die(incident),
    });
    this.#forgetUnload = stopOnUnload(() => this.#worker.terminate());
  }

  /** Kernels that it has, or is about to have. */
  get size(): number {
    return this.#kernels.size + this.#expected;
  }

  /** A kernel is assigned to it. */
  expect(): void {
    this.#expected++;
  }

  /** Starts a kernel that was assigned to it. */
  start(order: WorkerOrder): StartedKernel {
    const number = ++this.#numbers;
    this.#expected--;
    this.#kernels.set(number, order);
    const post = (message: ToKernel) => {
      this.#worker.post({ to: number, message: this.#memories.strip(message) });
    };
    const terminate = () => {
      if (this.#kernels.delete(number)) post({ kind: "drop" });
    };
    try {
      post({ kind: "load", job: order.job });
    } catch (error) {
      this.#kernels.delete(number);
      this.#memories.forgetLatest();
      throw error;
    }
    return { post, terminate };
  }

  #onMessage({ from, message }: FromHost): void {
    const order = this.#kernels.get(from);
    if (!order) return;
    // A worker whose scope ends tells each of its kernels so; it takes no other ones.
    if (message.kind === "broken" && message.isWorkers) return this.#die(message.incident);
    hear(order, message);
  }

  #die(incident: string): void {
    const orders = [...this.#kernels.values()];
    this.#kernels.clear();
    this.end();
    this.#onDead(this);
    for (const { listener } of orders) listener.ended({ incident, isDead: true, hasReceived: false });
  }

  /** Ends the worker, with all that is left of its kernels. */
  end(): void {
    this.#forgetUnload();
    this.#worker.terminate();
  }
}

/** The hosts of a runtime. They are started when they are needed. */
export class SharedHosts {
  readonly #options: HostOptions;
  readonly #hosts = new Set<SharedHost>();
  #started = 0;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  /** Workers that are running. */
  get size(): number {
    return this.#hosts.size;
  }

  /** The host of the next kernel: a new one while there may be more, otherwise the one with the fewest kernels. */
  assign(): SharedHost {
    const host = this.#hosts.size < this.#options.workers ? this.#start() : this.#leastBusy();
    host.expect();
    return host;
  }

  #leastBusy(): SharedHost {
    return [...this.#hosts].reduce((least, host) => host.size < least.size ? host : least);
  }

  #start(): SharedHost {
    const { takeThreadSlot, returnThreadSlot } = this.#options;
    const host = new SharedHost(`${++this.#started}`, takeThreadSlot(), (dead) => {
      this.#hosts.delete(dead);
      returnThreadSlot(dead.threadSlot);
    });
    this.#hosts.add(host);
    return host;
  }

  /** Ends all workers. */
  end(): void {
    for (const host of this.#hosts) host.end();
    this.#hosts.clear();
  }
}
