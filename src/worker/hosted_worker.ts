/** Workers that run one of the package's host modules, seen from the thread that starts them. */

import { checkReadable } from "./may_import.ts";
import { lackedPermissions, type TaskPermissions } from "./permitted_worker.ts";
import { NESTED_STOP_MS, type NestedWord, waitForNested } from "./unload.ts";

/** A module that serves in workers. The module itself makes this of its `import.meta.url`. */
export interface HostModule {
  /** Its URL. In a bundle it is that of the bundle, which has the host in it. */
  readonly url: string;
  /** The name of its file in the package. */
  readonly file: string;
  /** What the names of its workers begin with: in any other thread the module does nothing. */
  readonly prefix: string;
}

/** Which worker to start. */
export interface HostedWorkerOptions {
  /** Follows the prefix in the worker's name. */
  readonly name: string;
  /** Deno's permissions of the worker; those of this thread by default. */
  readonly permissions?: TaskPermissions;
  /** The user's module that the host will import: it is loaded with the permissions of this thread. */
  readonly module?: string;
}

/** Who hears of a worker. */
export interface WorkerListener<From> {
  /** Whether a value is a message of the host: the user's module may post anything that looks like one. */
  isMessage(value: unknown): value is From;
  /** The host has posted a message. */
  heard(message: From): void;
  /** The worker is of no use any more. `deed` says what it did. */
  broke(deed: string): void;
}

/** How a host posts: what the user's module posts is none of ours. */
export interface HostEnvelope<From> {
  readonly ringmill: From;
}

/** What a worker's thread is told besides: the word in which it says whether it has workers of its own, or to stop these. */
export interface ThreadOrder {
  readonly ringmill: NestedWord | "stop";
}

/** A worker. It starts at once. */
export class HostedWorker<To, From> {
  readonly #worker: Worker;
  /** Whether it has workers of its own to stop. */
  readonly #nested: NestedWord = new Int32Array(new SharedArrayBuffer(4));
  readonly #forgetNested: () => void;
  #isTerminated = false;

  /**
   * Starts a worker.
   *
   * @throws {Deno.errors.NotCapable} If the program may not read the worker's modules.
   * @throws {Error} If Deno refuses the permissions, or this is a bundle of another format than ESM.
   */
  constructor(host: HostModule, options: HostedWorkerOptions, listener: WorkerListener<From>) {
    this.#worker = startWorker(host, options);
    this.#worker.postMessage({ ringmill: this.#nested } satisfies ThreadOrder);
    this.#forgetNested = waitForNested(this.#nested);
    this.#listen("message", ({ data }: MessageEvent<Partial<HostEnvelope<From>> | null>) => {
      const message: unknown = data?.ringmill;
      if (message === undefined) return;
      if (listener.isMessage(message)) listener.heard(message);
      else listener.broke("posted a message that its host does not send");
    });
    this.#listen("messageerror", () => listener.broke("sent a message that cannot be read"));
    this.#listen("error", (event: ErrorEvent) => {
      // An error that is not prevented here ends the whole program.
      event.preventDefault();
      listener.broke(`broke its worker: ${event.message}`);
    });
  }

  #listen<Kind extends Event>(type: string, listener: (event: Kind) => void): void {
    this.#worker.addEventListener(type, (event) => {
      if (!this.#isTerminated) listener(event as Kind);
    });
  }

  /**
   * Posts to the host.
   *
   * @throws {DOMException} If the message cannot be cloned.
   */
  post(message: To): void {
    this.#worker.postMessage(message);
  }

  /**
   * Ends the worker. Nothing is heard of it any more. A thread in an endless loop lives on: nothing can end it. One that
   * has workers of its own is given a second to tell them to stop.
   */
  terminate(): void {
    if (this.#isTerminated) return;
    this.#isTerminated = true;
    const end = () => {
      this.#forgetNested();
      this.#worker.terminate();
    };
    if (Atomics.load(this.#nested, 0) === 0) return end();
    this.#worker.postMessage({ ringmill: "stop" } satisfies ThreadOrder);
    const { async, value } = Atomics.waitAsync(this.#nested, 0, 1, NESTED_STOP_MS);
    if (async) value.then(end);
    else end();
  }
}

function startWorker({ url, file, prefix }: HostModule, { name, permissions, module }: HostedWorkerOptions): Worker {
  if (url === undefined) {
    throw new Error("Cannot start a worker from a bundle without import.meta.url: bundle in the format ESM");
  }
  checkReadable([url, ...module === undefined ? [] : [module]]);
  const options = { type: "module", name: `${prefix}${name}` } as const;
  const isBundled = !new URL(url).pathname.endsWith(`/${file}`);
  if (permissions === undefined && !isBundled) return new Worker(url, options);
  // A worker's own module has import.meta.main set, by which a bundle would run the program again; what it imports has not.
  const imports = [url, ...module === undefined ? [] : [module]].map((one) => `import ${JSON.stringify(one)};`);
  const entry = `data:text/javascript,${encodeURIComponent(imports.join(""))}`;
  if (permissions === undefined) return new Worker(entry, options);
  try {
    return new Worker(entry, { ...options, deno: { permissions } } as WorkerOptions);
  } catch (error) {
    // Deno does not say which.
    const lacked = error instanceof Deno.errors.NotCapable ? lackedPermissions(permissions) : [];
    if (lacked.length === 0) throw error;
    const advice = `add ${lacked.join(" ")} to its command line, or ask for less`;
    throw new Deno.errors.NotCapable(`its permissions exceed those of the program: ${advice}`, { cause: error });
  }
}
