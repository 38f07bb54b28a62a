/** `ringmill run --restart on-failure`: runs the same command in a program of its own, again and again. */

import { constants } from "node:os";
import { now } from "../../ring/clock.ts";
import { within } from "../../ring/within.ts";
import { formatDuration } from "../../units.ts";
import { completePolicy, RestartPlan } from "../../worker/restart_policy.ts";
import { STATUS } from "../program/exit_status.ts";
import { Interruption } from "../program/interruption.ts";
import { ownArguments, ownWords } from "../program/own_command_line.ts";
import { RESTARTED_BY } from "../program/restarted_child.ts";
import { PANEL_REMOVAL } from "../terminal/bottom_panel.ts";
import { STDERR } from "../../terminal.ts";

/** When a run is started again. */
export interface RestartChoice {
  /** How many times in a row. */
  readonly limit: number;
}

/** What other programs end with when somebody has asked them to. */
const ASKED_TO_END = ["SIGINT", "SIGTERM"].map((signal) => 128 + constants.signals[signal as "SIGINT"]);

function spawn(restarts: number): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ownArguments(ownWords(), { ...Deno.build, mainModule: Deno.mainModule, args: Deno.args }),
    env: { [RESTARTED_BY]: `${Deno.pid}:${restarts}` },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
}

/** The status to exit with after a run that no other one follows; `null` if one may. `interrupted` is that of a stop. */
function finalStatus({ code, signal }: Deno.CommandStatus, interrupted: number | undefined): number | null {
  if (code === STATUS.cannotRun) return STATUS.failed;
  if (interrupted !== undefined) return signal === null ? code : interrupted;
  const isOver = signal === null && [STATUS.ended, STATUS.wrongUse, ...ASKED_TO_END].includes(code);
  return isOver ? code : null;
}

/** The run in a program of its own, and what is asked of it. */
class RestartedRun implements Disposable {
  readonly #plan: RestartPlan;
  readonly #limit: number;
  readonly #stopped: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #interruption = new Interruption((signal) => this.#stop(signal), () => this.#kill("SIGKILL"));
  #child: Deno.ChildProcess | undefined;

  constructor({ limit }: RestartChoice) {
    this.#limit = limit;
    this.#plan = new RestartPlan(completePolicy({ limit }));
  }

  /** The child stops its tasks. On a terminal it has got Ctrl-C already, and takes both for one. */
  #stop(signal: Deno.Signal): void {
    this.#stopped.resolve();
    this.#kill(signal);
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#child?.kill(signal);
    } catch {
      // The child has ended.
    }
  }

  /** Runs it until it ends well, is stopped, or has failed too often. Returns the status to exit with. */
  async run(): Promise<number> {
    for (let restarts = 0;; restarts++) {
      const begunAt = now();
      this.#child = spawn(restarts);
      const ended = await this.#child.status;
      this.#child = undefined;
      if (ended.signal !== null && STDERR.isInteractive()) STDERR.write(PANEL_REMOVAL);
      const status = finalStatus(ended, this.#interruption.status);
      if (status !== null) return status;
      if (!await this.#pause(ended, now() - begunAt)) return this.#interruption.status ?? ended.code;
    }
  }

  /** Whether to go on, once that is time. */
  async #pause({ code, signal }: Deno.CommandStatus, ranMs: number): Promise<boolean> {
    const ending = signal === null ? `with status ${code}` : `by ${signal}`;
    const waitMs = this.#plan.next(ranMs, true);
    if (waitMs === null) {
      const times = this.#limit === 1 ? "1 restart" : `${this.#limit} restarts`;
      STDERR.print(`error: the run ended ${ending}, after ${times} in a row: it is not started again`);
      return false;
    }
    STDERR.print(`The run ended ${ending}; it is started again in ${formatDuration(waitMs)}`);
    return !await within(this.#stopped.promise, waitMs);
  }

  [Symbol.dispose](): void {
    this.#interruption[Symbol.dispose]();
  }
}

/** Has this command run in a program of its own, which is started again when it fails. Returns the status to exit with. */
export async function runRestarted(choice: RestartChoice): Promise<number> {
  using run = new RestartedRun(choice);
  return await run.run();
}
