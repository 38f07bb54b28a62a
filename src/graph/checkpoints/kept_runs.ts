/** The runs of a graph that are kept: in which store, and how. */

import { checkName, checkOptions } from "../../rules.ts";
import type { ExecuteOptions, KeptRunOptions } from "../execute_options.ts";
import type { KeptRun } from "../kept_run.ts";
import { KEPT_RUN_RULES } from "../option_rules.ts";
import type { CheckpointStore } from "../stores/checkpoint_store.ts";
import { describeRun, type KeptAnswer, type KeptOptions } from "./open_run.ts";

/** The kept runs of one graph. */
export class KeptRuns {
  readonly #graph: string;
  /** That of the graph, or else the first that a call was given. */
  #store: CheckpointStore | undefined;

  constructor(graph: string, store: CheckpointStore | undefined) {
    this.#graph = graph;
    this.#store = store;
  }

  /**
   * How a run is kept, if it has a name.
   *
   * @throws {TypeError} If there is no store, or an option needs a name.
   */
  complete(
    action: string,
    runId: string | undefined,
    { checkpoint, maxAgeMs = Infinity, allowChanged = false }: Omit<ExecuteOptions, "runId">,
    answer?: KeptAnswer,
  ): KeptOptions | undefined {
    if (runId !== undefined) {
      return { runId, store: this.#storeFor(action, checkpoint), maxAgeMs, allowChanged, answer };
    }
    const needy = checkpoint ? "checkpoint" : allowChanged ? "allowChanged" : maxAgeMs !== Infinity ? "maxAgeMs" : null;
    if (needy) throw new TypeError(`Cannot ${action} graph "${this.#graph}": the option ${needy} needs a runId`);
  }

  #storeFor(action: string, checkpoint: CheckpointStore | undefined): CheckpointStore {
    this.#store ??= checkpoint;
    const store = checkpoint ?? this.#store;
    if (store) return store;
    throw new TypeError(
      `Cannot ${action} graph "${this.#graph}": a runId needs the option checkpoint, of the call or of the graph`,
    );
  }

  /** What is kept of a run. */
  async read(runId: string, options: KeptRunOptions): Promise<KeptRun | undefined> {
    const steps = await this.#checked("look at a run of", runId, options).readRun(this.#graph, runId);
    return steps && describeRun(runId, steps);
  }

  /** Forgets a run. Whether there was one. */
  async delete(runId: string, options: KeptRunOptions): Promise<boolean> {
    return await this.#checked("delete a run of", runId, options).deleteRun(this.#graph, runId);
  }

  #checked(action: string, runId: string, options: KeptRunOptions): CheckpointStore {
    checkName(`${action} graph "${this.#graph}"`, runId);
    checkOptions(`${action} graph "${this.#graph}"`, options, KEPT_RUN_RULES);
    return this.#storeFor(action, options.checkpoint);
  }
}
