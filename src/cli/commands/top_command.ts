/** `ringmill top` */

import { drawTable } from "../../view/draw/draw_table.ts";
import { suggest } from "../../suggest.ts";
import type { LiveFrame } from "../../view/live/live_frame.ts";
import { followDashboard, followFramesAt } from "../../view/live/follow.ts";
import { cut } from "../../safe_text.ts";
import type { Snapshot } from "../../manager/metrics.ts";
import { STATUS, TargetError, UsageError } from "../program/exit_status.ts";
import { EVERY_S, follow, withBelow } from "../terminal/follow_run.ts";
import { ShownStream } from "../terminal/shown_stream.ts";
import { Interruption } from "../program/interruption.ts";
import { urlOf } from "../program/load_pipeline.ts";
import { followFramesOf, followRun, isRunning } from "../program/run_client.ts";
import { findRecords, type RunRecord } from "../program/run_records.ts";
import type { RunFailure } from "../program/run_server.ts";
import { isFailures, isLiveFrame, isSnapshot, type RunUpdate } from "../program/run_update.ts";
import { STDERR, STDOUT } from "../../terminal.ts";

/** Options of the command. */
export interface TopOptions {
  /** Seconds from one table to the next where there is no terminal. */
  readonly every?: number;
  /** Prints one table only. */
  readonly once?: boolean;
  /** A stream whose newest frame is shown, too. */
  readonly stream?: string;
}

/** Shows what a pipeline does that runs in another program, until it ends, or nobody reads of it any more. */
export async function top(target: string | undefined, { every = EVERY_S, once, stream }: TopOptions): Promise<number> {
  const watched = new Watched(await findSource(target));
  using interruption = new Interruption(() => watched.leave());
  STDOUT.gone.then(() => watched.leave());
  const { title, snapshot } = await watched.begin();
  const below = stream === undefined ? undefined : watched.look(stream);
  if (once) {
    await below?.begin();
    STDOUT.print(withBelow(drawTable(snapshot, { title }), { terminal: STDOUT, below }));
    watched.leave();
    await below?.followed;
    return STATUS.ended;
  }
  below?.followed.catch(() => watched.leave());
  await follow(watched.snapshots(), { name: title, everyMs: 1000 * every, terminal: STDOUT, below });
  watched.leave();
  await below?.followed;
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
  frames(stream: string, signal: AbortSignal): AsyncIterable<LiveFrame>;
}

/** A pipeline elsewhere. */
class Watched {
  readonly #source: Source;
  readonly #abort = new AbortController();
  readonly #updates: AsyncGenerator<RunUpdate, void>;
  #latest: RunUpdate | undefined;

  constructor(source: Source) {
    this.#source = source;
    this.#updates = source.follow(this.#abort.signal);
  }

  /** Follows a stream. */
  look(stream: string): ShownStream {
    const known = Object.keys(this.#latest!.snapshot.streams);
    if (!known.includes(stream)) {
      const names = known.map((name) => JSON.stringify(name)).join(", ");
      const there = `it has ${known.length === 0 ? "none" : names}${suggest(stream, known)}`;
      throw new TargetError(`Cannot watch stream ${JSON.stringify(stream)} of ${this.#source.name}: ${there}`);
    }
    return new ShownStream(this.#untilLeft(this.#source.frames(stream, this.#abort.signal)));
  }

  /** To the end, or until nobody wants to see more. */
  async *#untilLeft(frames: AsyncIterable<LiveFrame>): AsyncGenerator<LiveFrame, void> {
    try {
      yield* frames;
    } catch (error) {
      if (!this.#abort.signal.aborted) throw this.#refusal(error);
    }
  }

  /** Waits for no more updates. */
  leave(): void {
    this.#abort.abort();
  }

  /** What it does now. */
  async begin(): Promise<RunUpdate> {
    const value = await this.#next();
    if (!value) throw new TargetError(`Cannot watch ${this.#source.name}: it does not tell anything`);
    return this.#latest = value;
  }

  async #next(): Promise<RunUpdate | void> {
    try {
      return (await this.#updates.next()).value;
    } catch (error) {
      throw this.#refusal(error);
    }
  }

  #refusal(error: unknown): TargetError {
    if (error instanceof TargetError) return error;
    const { message, cause } = error as Error;
    return new TargetError(`Cannot watch ${this.#source.name}: ${cause instanceof Error ? cause.message : message}`);
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
      frames: (stream, signal) => followFramesOf(meant[0], stream, signal),
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
    async *frames(stream, signal) {
      for await (const frame of followFramesAt(url, [`stream:${stream}`], signal)) {
        if (!isLiveFrame(frame)) throw new TargetError(`Cannot watch ${url}: what it sends is not understood`);
        yield frame;
      }
    },
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
