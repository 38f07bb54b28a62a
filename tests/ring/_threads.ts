/** Tests over several threads: the other threads, and a watchdog. */

import type { Fixture } from "./_helpers.ts";
import type { Jobs, Request, Response } from "./_peer.ts";
import type { SharedMemory } from "../../src/ring/shared_memory.ts";

const PATIENCE_MS = 60_000;

/** What `promise` resolves to. Rejects if that takes so long that something must hang. */
export async function watched<T>(promise: Promise<T>, what = "it", patienceMs = PATIENCE_MS): Promise<T> {
  const watchdog = Promise.withResolvers<never>();
  const timer = setTimeout(() => watchdog.reject(new Error(`The watchdog barks: ${what} hangs`)), patienceMs);
  try {
    return await Promise.race([promise, watchdog.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether somebody has announced itself on the waiters word at `address`, and was not woken since. */
export function isAwaited(words: Int32Array<SharedArrayBuffer>, address: number): boolean {
  return (Atomics.load(words, address / 4) & 1) === 1;
}

/** Resolves once somebody has announced that it is about to park on the word at `address`. */
export async function untilParked({ words }: SharedMemory, address: number): Promise<void> {
  const patience = performance.now() + PATIENCE_MS;
  while (!isAwaited(words, address)) {
    if (performance.now() > patience) throw new Error("The watchdog barks: nobody parks");
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** The arguments of a job after the memory. */
type JobArguments<Name extends keyof Jobs> = Parameters<Jobs[Name]> extends [unknown, ...infer Rest] ? Rest : never;

/** A job under way. */
export interface Call<T> {
  /** Resolves when the peer is about to begin. */
  readonly begun: Promise<void>;
  /** What comes of it. Rejects if it throws, or hangs. */
  readonly result: Promise<T>;
}

/** An error that a peer has thrown. */
export class PeerError extends Error {
  override readonly name: string;

  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

interface Pending {
  readonly begun: PromiseWithResolvers<void>;
  readonly result: PromiseWithResolvers<unknown>;
}

/** Another thread on the memory of a fixture. */
export class Peer implements Disposable {
  readonly #fixture: Fixture;
  readonly #worker: Worker;
  readonly #calls = new Map<number, Pending>();
  #lastId = 0;

  constructor(fixture: Fixture) {
    this.#fixture = fixture;
    this.#worker = new Worker(new URL("./_peer.ts", import.meta.url), { type: "module" });
    this.#worker.addEventListener("message", (event) => this.#hear(event.data));
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      for (const { result } of this.#calls.values()) result.reject(new Error(event.message));
    });
    this.#tell({ handle: fixture.memory.handle });
  }

  #tell(request: Request): void {
    this.#worker.postMessage(request);
  }

  #hear(response: Response): void {
    const { begun, result } = this.#calls.get(response.id)!;
    if (response.kind === "begun") return begun.resolve();
    this.#calls.delete(response.id);
    if (response.kind === "done") return result.resolve(response.value);
    result.reject(new PeerError(response.name, response.message));
  }

  /** Begins a job. */
  begin<Name extends keyof Jobs>(job: Name, ...args: JobArguments<Name>): Call<Awaited<ReturnType<Jobs[Name]>>> {
    type Result = Awaited<ReturnType<Jobs[Name]>>;
    const call: Pending = { begun: Promise.withResolvers(), result: Promise.withResolvers() };
    const id = ++this.#lastId;
    this.#calls.set(id, call);
    this.#tell({ id, job, args });
    const result = watched(call.result.promise as Promise<Result>, `${job}(${args.slice(1).join()})`);
    // A test that fails earlier does not look at it any more.
    result.catch(() => {});
    return { begun: call.begun.promise, result };
  }

  /** Does a job to its end. */
  run<Name extends keyof Jobs>(job: Name, ...args: JobArguments<Name>): Promise<Awaited<ReturnType<Jobs[Name]>>> {
    return this.begin(job, ...args).result;
  }

  /** Ends the thread, which must not stay blocked: nothing can end it then. */
  [Symbol.dispose](): void {
    if (this.#calls.size > 0) this.#fixture.memory.stop(this.#fixture.waiters);
    this.#worker.terminate();
  }
}

/** Waits for all of several peers' results. Stops the others as soon as one fails. */
export async function together<T>({ memory, waiters }: Fixture, results: readonly Promise<T>[]): Promise<T[]> {
  try {
    return await Promise.all(results);
  } catch (error) {
    memory.stop(waiters);
    throw error;
  }
}
