/** A host module's side of its worker: what it hears, what it posts, and what the user's module does besides. */

import { forgiveConsole } from "../notices.ts";
import { threadListens } from "../keep_alive.ts";
import type { HostEnvelope, HostModule, ThreadOrder } from "./hosted_worker.ts";
import { stopAll, tellThreadAbove } from "./unload.ts";

/** What a host uses of a worker's global scope, which the main thread's types do not know. */
interface WorkerScope extends EventTarget {
  readonly name?: string;
  postMessage(message: unknown): void;
  close(): void;
}

const scope = globalThis as unknown as WorkerScope;

/** The scope's functions as they are now: the user's module may replace them. */
const postMessage = scope.postMessage?.bind(scope);
const closeWorker = scope.close?.bind(scope);

/** What a host does when it is told something, or something happens beside the function that it calls. */
export interface HostEvents<To> {
  /** The starting thread has posted a message. */
  heard(message: To): void;
  /** An error was thrown that passes through no function of the host's. `deed` is a phrase such as «threw outside …». */
  threw?(deed: string, error: unknown): void;
  /** The worker is about to end. */
  ends?(deed: string): void;
}

/** The scope of a worker that runs a host module. */
export class HostScope<To, From> {
  #isSettled = false;

  /** Serves, if this thread is a worker that was started for `host`. `begin` is given the worker's name without its prefix. */
  serve({ prefix }: HostModule, begin: (name: string) => HostEvents<To>): void {
    const { name } = scope;
    if (!name?.startsWith(prefix)) return;
    forgiveConsole();
    const events = begin(name.slice(prefix.length));
    scope.addEventListener("message", (event) => {
      const { data } = event as MessageEvent<To | ThreadOrder>;
      if (isThreadOrder(data)) obey(data);
      else events.heard(data);
    });
    threadListens();
    watch(events);
  }

  /** Posts to the thread that has started this worker. */
  post(message: From): void {
    postMessage({ ringmill: message } satisfies HostEnvelope<From>);
  }

  /** Whether it was posted how the work of this worker has ended. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /**
   * Posts how the work of this worker has ended. Only the first end counts. The worker is terminated then: workers that the
   * user's function has started, and not closed, are stopped before.
   */
  settle(message: From): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    stopAll();
    this.post(message);
  }

  /** Ends this worker: nothing that the user's function has left behind runs after that. */
  close(): void {
    closeWorker();
  }
}

function isThreadOrder(message: unknown): message is ThreadOrder {
  return typeof message === "object" && message !== null && "ringmill" in message;
}

function obey({ ringmill }: ThreadOrder): void {
  if (ringmill === "stop") stopAll();
  else tellThreadAbove(ringmill);
}

/** Watches for errors that would end the program, and for calls that would end the worker without a word. */
function watch<To>({ threw, ends }: HostEvents<To>): void {
  const hear = (type: string, deed: string, errorOf: (event: unknown) => unknown) =>
    scope.addEventListener(type, (event) => {
      event.preventDefault();
      threw?.(deed, errorOf(event));
    });
  if (threw) {
    hear("error", "threw outside its function", (event) => (event as ErrorEvent).error);
    hear("unhandledrejection", "left a promise rejected with", (event) => (event as PromiseRejectionEvent).reason);
  }
  if (!ends) return;
  scope.close = () => {
    ends("closed its worker before it returned");
    closeWorker();
  };
  scope.addEventListener("unload", () => ends("ended its worker before it returned"));
}
