/** `ringmill top` */

import { drawTable } from "../../view/draw/draw_table.ts";
import { followDashboard } from "../../view/live/follow.ts";
import type { LiveFailure, LiveUpdate } from "../../view/live/update.ts";
import type { Snapshot } from "../../manager/metrics.ts";
import { STATUS, TargetError, UsageError } from "../program/exit_status.ts";
import { follow } from "../terminal/follow_run.ts";
import { Interruption } from "../program/interruption.ts";
import { urlOf } from "../program/load_pipeline.ts";
import { findRuns, type RunRecord } from "../program/run_records.ts";
import { STDOUT } from "../terminal/terminal.ts";

/** Options of the command. */
export interface TopOptions {
  /** Seconds from one table to the next where there is no terminal. */
  readonly every: number;
  /** Prints one table only. */
  readonly once?: boolean;
}

/** Shows what a pipeline does that runs in another program, until it ends. */
export async function top(target: string | undefined, { every, once }: TopOptions): Promise<number> {
  const watched = new Watched(await findUrl(target));
  using interruption = new Interruption(() => watched.leave());
  const { title, snapshot } = await watched.begin();
  if (once) {
    STDOUT.print(drawTable(snapshot, { title }));
    watched.leave();
    return STATUS.ended;
  }
  await follow(watched.snapshots(), { name: title, everyMs: 1000 * every, terminal: STDOUT });
  if (interruption.status !== undefined) return interruption.status;
  const failures = watched.failures();
  for (const { title, reason, details } of failures) {
    console.error(`error: Task "${title}" failed: ${reason}\n${details}`.trimEnd());
  }
  return failures.length === 0 ? STATUS.ended : STATUS.failed;
}

/** A pipeline elsewhere. */
class Watched {
  readonly #url: string;
  readonly #abort = new AbortController();
  readonly #updates: AsyncGenerator<LiveUpdate<Snapshot>, void>;
  #latest: LiveUpdate<Snapshot> | undefined;

  constructor(url: string) {
    this.#url = url;
    this.#updates = followDashboard(url, { signal: this.#abort.signal });
  }

  /** Waits for no more updates. */
  leave(): void {
    this.#abort.abort();
  }

  /** What it does now. */
  async begin(): Promise<LiveUpdate<Snapshot>> {
    const value = await this.#next(), refuse = (why: string) => new TargetError(`Cannot watch ${this.#url}: ${why}`);
    if (!value) throw refuse("it does not tell anything");
    // Other things have dashboards, too.
    if (!value.snapshot?.tasks) throw refuse(`it is no pipeline, received the dashboard of "${value.title}"`);
    return this.#latest = value;
  }

  async #next(): Promise<LiveUpdate<Snapshot> | void> {
    try {
      return (await this.#updates.next()).value;
    } catch (error) {
      const { message, cause } = error as Error;
      throw new TargetError(`Cannot watch ${this.#url}: ${cause instanceof Error ? cause.message : message}`);
    }
  }

  /** From that on. */
  async *snapshots(): AsyncGenerator<Snapshot, void> {
    yield this.#latest!.snapshot;
    try {
      for await (const update of this.#updates) {
        const isNew = update.sampledAt !== this.#latest!.sampledAt;
        this.#latest = update;
        if (isNew) yield update.snapshot;
      }
    } catch {
      // The program was killed, or nobody wants to see more.
    }
  }

  /** What has failed by the end. */
  failures(): readonly LiveFailure[] {
    const { title, isFinal, failures } = this.#latest!;
    if (isFinal) return failures;
    throw new TargetError(`Cannot watch "${title}" any longer: its program has ended, or has closed the dashboard`);
  }
}

/** Where the one is that is meant. */
async function findUrl(target: string | undefined): Promise<string> {
  if (target !== undefined && /^https?:/i.test(target)) return urlOf(target).href;
  const runs = await findRuns();
  const meant = target === undefined ? runs : runs.filter((run) => isMeant(run, target));
  if (meant.length === 1) return meant[0].url;
  if (meant.length === 0) {
    const which = target === undefined ? "" : ` "${target}"`;
    throw new TargetError(
      `Cannot find a run${which}: ${runs.length === 0 ? "nothing runs" : `there are ${list(runs)}`}`,
    );
  }
  throw new UsageError(`Cannot choose a run: name one of ${list(meant)}`);
}

function isMeant({ pid, name, source }: RunRecord, target: string): boolean {
  return target === `${pid}` || target === name || urlOf(target).href === source;
}

function list(runs: readonly RunRecord[]): string {
  return runs.map(({ pid, name }) => `${pid} ("${name}")`).join(", ");
}
