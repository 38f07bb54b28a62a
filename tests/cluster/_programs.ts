/** Programs of tests, and what their sinks have noted. */

import { deepEqual, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { CONFIG } from "../_deno.ts";
import type { LineOptions } from "./_line.ts";

const PROGRAM = fileURLToPath(new URL("./_line.ts", import.meta.url));
const WATCHDOG_MS = 90_000;

/** Options of a program. */
export interface ProgramOptions {
  /** It is killed after so long, unless that is `null`. */
  readonly watchdogMs?: number | null;
  /** What begins its command: it may run on another host. */
  readonly prefix?: readonly string[];
}

/** A program that runs a line. */
export class LineProgram implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #watchdog: ReturnType<typeof setTimeout> | undefined;
  /** Its exit code and what it has said. */
  readonly ended: Promise<{ readonly code: number; readonly err: string }>;

  /** Starts one. */
  constructor(options: LineOptions, { watchdogMs = WATCHDOG_MS, prefix = [] }: ProgramOptions = {}) {
    const words = [...prefix, Deno.execPath(), "run", "-A", "--no-check", "--config", CONFIG, PROGRAM];
    const [command, ...args] = [...words, JSON.stringify(options)];
    const env = { NO_COLOR: "1" };
    this.#process = new Deno.Command(command, { args, env, stdin: "null", stdout: "null", stderr: "piped" }).spawn();
    if (watchdogMs !== null) this.#watchdog = setTimeout(() => this.signal("SIGKILL"), watchdogMs);
    this.ended = this.#process.output().then(({ code, stderr }) => {
      clearTimeout(this.#watchdog);
      return { code, err: new TextDecoder().decode(stderr) };
    });
  }

  /** Sends a signal. */
  signal(name: Deno.Signal): void {
    try {
      this.#process.kill(name);
    } catch {
      // It has ended.
    }
  }

  /** Kills it with SIGKILL. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** A file in which a sink notes, and a look at it. */
export class Notes implements Disposable {
  readonly path: string = Deno.makeTempFileSync();

  /** Run and number of each frame. */
  read(): (readonly [run: number, number: number])[] {
    const lines = Deno.readTextFileSync(this.path).split("\n");
    return lines.slice(0, -1).map((line) => line.split(" ").map(Number) as [number, number]);
  }

  /** Resolves when there are so many. */
  async reach(count: number): Promise<void> {
    const until = performance.now() + WATCHDOG_MS;
    while (this.read().length < count) {
      ok(performance.now() < until, `${this.read().length} of ${count} frames have come`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Resolves when none has come for a while, to how many there are. */
  async reachRest(): Promise<number> {
    for (let before = -1;;) {
      const { length } = this.read();
      if (length === before) return length;
      before = length;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path);
  }
}

/** The frames of one run, of which none is missing. */
export const allOf = (run: number, total: number) =>
  Array.from({ length: total }, (_, number) => [run, number] as const);

/** Checks that each frame is there once, in order. */
export function checkExact(notes: Notes, run: number, total: number): void {
  deepEqual(notes.read(), allOf(run, total));
}

/** Checks that frames come in order but for those that come again after a restart, of which there may be `most` each time. */
export function checkOrder(
  notes: Notes,
  run: number,
  total: number,
  { restarts, most }: { restarts: number; most: number },
) {
  let next = 0;
  let left = restarts;
  for (const [of, number] of notes.read()) {
    deepEqual(of, run);
    if (number !== next) {
      ok(left-- > 0 && number < next && next - number <= most, `after frame ${next - 1} comes ${number}`);
    }
    next = number + 1;
  }
  deepEqual(next, total);
}
