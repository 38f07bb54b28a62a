/** Where the outputs of a run are kept, so that it can go on after the end of its program. */

/** How a run is claimed. */
export interface ClaimOptions {
  /** What is kept of a run that begins. Without it, only a run that is kept already is claimed. */
  readonly header: Uint8Array | undefined;
  /** A run that was last claimed or let go longer ago, in milliseconds, is forgotten. */
  readonly maxAgeMs: number;
}

/** A run that this program works on, and no other. */
export interface ClaimedRun {
  /** What is kept, by step. The header is that of the empty name. */
  readonly steps: ReadonlyMap<string, Uint8Array>;
  /** Keeps a step, in place of what was kept for it. Once it returns or resolves, the end of the program changes nothing. */
  save(step: string, bytes: Uint8Array): void | PromiseLike<void>;
  /** Forgets the steps whose names begin with one of these texts. */
  forget(prefixes: readonly string[]): void | PromiseLike<void>;
  /** Lets go of the run. */
  release(): void | PromiseLike<void>;
}

/** Keeps runs. `SqliteStore`, `RedisStore` and `MemoryStore` do. Each graph has runs of its own in a store. */
export interface CheckpointStore {
  /**
   * Claims a run, and begins it if need be. `undefined` if there is none and no header to begin it with.
   *
   * @throws {RunBusyError} If the run is under way.
   */
  claimRun(
    graph: string,
    runId: string,
    options: ClaimOptions,
  ): ClaimedRun | undefined | PromiseLike<ClaimedRun | undefined>;
  /** What is kept of a run by step, whoever works on it; `undefined` if nothing. */
  readRun(
    graph: string,
    runId: string,
  ): ReadonlyMap<string, Uint8Array> | undefined | PromiseLike<ReadonlyMap<string, Uint8Array> | undefined>;
  /**
   * Forgets a run. Whether there was one.
   *
   * @throws {RunBusyError} If the run is under way.
   */
  deleteRun(graph: string, runId: string): boolean | PromiseLike<boolean>;
}
