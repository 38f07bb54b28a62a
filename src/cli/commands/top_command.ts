/** `ringmill top` */

import { drawTable } from "../../view/draw/draw_table.ts";
import { followDashboard } from "../../view/live/follow.ts";
import { cut } from "../../safe_text.ts";
import type { Snapshot } from "../../manager/metrics.ts";
import { STATUS, TargetError, UsageError } from "../program/exit_status.ts";
import { follow } from "../terminal/follow_run.ts";
import { Interruption } from "../program/interruption.ts";
import { urlOf } from "../program/load_pipeline.ts";
import { followRun, isRunning } from "../program/run_client.ts";
import { findRecords, type RunRecord } from "../program/run_records.ts";
import type { RunFailure } from "../program/run_server.ts";
import { isFailures, isSnapshot, type RunUpdate } from "../program/run_update.ts";
import { STDERR, STDOUT } from "../../terminal.ts";

/** Options of the command. */
export interface TopOptions {
  /** Seconds from one table to the next where there is no terminal. */
  readonly every: number;
  /** Prints one table only. */
  readonly once?: boolean;
}

/** Shows what a pipeline does that runs in another program, until it ends, or nobody reads of it any more. */
export async function top(target: string | undefined, { every, once }: TopOptions): Promise<number> {
  const watched = new Watched(await findSource(target));
  using interruption = new Interruption(() => watched.leave());
  STDOUT.gone.then(() => watched.leave());
  const { title, snapshot } = await watched.begin();
  if (once) {
    STDOUT.print(drawTable(snapshot, { title }));
    watched.leave();
    return STATUS.ended;
  }
  await follow(watched.snapshots(), { name: title, everyMs: 1000 * every, terminal: STDOUT });
  if (interruption.status !== undefined) return interruption.status;
  if (STDOUT.isGone) return STATUS.ended;
  const failures = watched.failures();
  for (const { task, reason, details } of failures) {
    STDERR.print(`error: Task "${task}" failed: ${cut(reason)}\n${cut(details)}`.trimEnd());
  }
  return failures.length === 0 ? STATUS.ended : STATUS.failed;
}

/** Where updates come from. */
interface Source {
  /** For messages. */
  readonly name: string;
  follow(signal: AbortSignal): AsyncGenerator<RunUpdate, void>;
}

/** A pipeline elsewhere. */
class Watched {
  readonly #name: string;
  readonly #abort = new AbortController();
  readonly #updates: AsyncGenerator<RunUpdate, void>;
  #latest: RunUpdate | undefined;

  constructor({ name, follow }: Source) {
    this.#name = name;
    this.#updates = follow(this.#abort.signal);
  }

  /** Waits for no more updates. */
  leave(): void {
    this.#abort.abort();
  }

  /** What it does now. */
  async begin(): Promise<RunUpdate> {
    const value = await this.#next();
    if (!value) throw new TargetError(`Cannot watch ${this.#name}: it does not tell anything`);
    return this.#latest = value;
  }

  async #next(): Promise<RunUpdate | void> {
    try {
      return (await this.#updates.next()).value;
    } catch (error) {
      if (error instanceof TargetError) throw error;
      const { message, cause } = error as Error;
      throw new TargetError(`Cannot watch ${this.#name}: ${cause instanceof Error ? cause.message : message}`);
    }
  }

  /** From that on. */
  async *snapshots(): AsyncGenerator<Snapshot, void> {
    yield this.#latest!.snapshot;
    try {
      for await (const update of this.#updates) {
        const isNew = update.snapshot.sampledAt !== this.#latest!.snapshot.sampledAt;
        this.#latest = update;
        if (isNew) yield update.snapshot;
      }
    } catch (error) {
      if (error instanceof TargetError) throw error;
      // The program was killed, or nobody wants to see more.
    }
  }

  /** What has failed by the end. */
  failures(): readonly RunFailure[] {
    const { title, isFinal, failures } = this.#latest!;
    if (isFinal) return failures;
    throw new TargetError(`Cannot watch "${title}" any longer: its program has ended, or has closed the dashboard`);
  }
}

/** Where the one is heard that is meant. */
async function findSource(target: string | undefined): Promise<Source> {
  if (target !== undefined && /^https?:/i.test(target)) return pageSource(urlOf(target).href);
  const records = await findRecords();
  const areRunning = await Promise.all(records.map(isRunning));
  const runs = records.filter((_, index) => areRunning[index]);
  const meant = target === undefined ? runs : runs.filter((run) => isMeant(run, target));
  if (meant.length === 1) {
    return {
      name: JSON.stringify(meant[0].name),
      follow: (signal) => followRun(meant[0], signal),
    };
  }
  if (meant.length === 0) {
    const which = target === undefined ? "" : ` "${target}"`;
    throw new TargetError(
      `Cannot find a run${which}: ${runs.length === 0 ? "nothing runs" : `there are ${list(runs)}`}`,
    );
  }
  throw new UsageError(`Cannot choose a run: name one of ${list(meant)}`);
}

/** A live page, which anything may serve. */
function pageSource(url: string): Source {
  return {
    name: url,
    async *follow(signal) {
      for await (const update of followDashboard(url, { signal })) {
        const { title, snapshot, isFinal, failures } = Object(update);
        if (isSnapshot(snapshot) && typeof title === "string" && Array.isArray(failures)) {
          const told = failures.map((failure) => ({ ...failure, task: failure?.title }));
          if (isFailures(told)) {
            yield { title, snapshot, isFinal: isFinal === true, failures: told };
            continue;
          }
        }
        // Other things have dashboards, too.
        throw new TargetError(`Cannot watch ${url}: it is no pipeline, received the dashboard of "${title}"`);
      }
    },
  };
}

function isMeant({ pid, name, source }: RunRecord, target: string): boolean {
  return target === `${pid}` || target === name || urlOf(target).href === source;
}

function list(runs: readonly RunRecord[]): string {
  return runs.map(({ pid, name }) => `${pid} ("${name}")`).join(", ");
}
