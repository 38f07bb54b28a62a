/** What a run shows on the terminal, all of it on the standard error. */

import type { Spinner } from "yocto-spinner";
import { formatDuration } from "../../units.ts";
import type { NodeOutcome, RunReport } from "../report.ts";
import { summaryTable } from "../report.ts";

/** Shows how a run gets on. */
export interface Display {
  /** A node's function is about to be called: the `index`th of `count` nodes. */
  begin(node: string, index: number, count: number): void;
  /** A node has run, or does not have to. */
  end(outcome: NodeOutcome, index: number, count: number): void;
  /** The run has failed while this node ran. */
  fail(node: string): void;
  /** All nodes are done. */
  finish(report: Omit<RunReport, "results">): void;
  /** Lets the terminal go. */
  [Symbol.dispose](): void;
}

/** The display of a run that is quiet. */
export const QUIET: Display = { begin() {}, end() {}, fail() {}, finish() {}, [Symbol.dispose]() {} };

/** Two spinners would overwrite each other. */
let isSpinning = false;

/** The display that suits the terminal. */
export async function openDisplay(): Promise<Display> {
  if (!isInteractive()) return new PlainDisplay();
  const { default: createSpinner } = await import("yocto-spinner");
  if (isSpinning) return new PlainDisplay();
  isSpinning = true;
  return new SpinnerDisplay(createSpinner({ handleSignals: false }));
}

/** Whether a spinner would turn. It reads the environment, for which it must not ask a person in the middle of a run. */
function isInteractive(): boolean {
  if (!Deno.stderr.isTerminal() || Deno.permissions.querySync({ name: "env" }).state !== "granted") return false;
  return Deno.env.get("TERM") !== "dumb" && !Deno.env.has("CI");
}

function lineOf({ node, status, reason, durationMs }: NodeOutcome): string {
  if (status === "run") return `${node}  ${formatDuration(durationMs)}`;
  return `${node}  ${status === "cached" ? "from the cache" : `not needed: ${reason}`}`;
}

class PlainDisplay implements Display {
  begin(): void {}

  end(outcome: NodeOutcome, index: number, count: number): void {
    console.error(`[${index + 1}/${count}] ${lineOf(outcome)}`);
  }

  fail(node: string): void {
    console.error(`failed: ${node}`);
  }

  finish(report: Omit<RunReport, "results">): void {
    console.error(summaryTable(report));
  }

  [Symbol.dispose](): void {}
}

const SHOW_CURSOR = new TextEncoder().encode("\x1b[?25h");
const METHODS = ["log", "info", "warn", "error", "debug"] as const;

class SpinnerDisplay implements Display {
  readonly #spinner: Spinner;
  readonly #originals = METHODS.map((method) => [method, console[method]] as const);

  constructor(spinner: Spinner) {
    this.#spinner = spinner;
    // Deno's console does not write through the streams that the spinner watches: what a node logs would stand in its line.
    for (const [method, original] of this.#originals) {
      console[method] = (...args: unknown[]) => {
        spinner.clear();
        original.apply(console, args);
      };
    }
  }

  begin(node: string, index: number, count: number): void {
    this.#spinner.start(`[${index + 1}/${count}] ${node}`);
    // A program that is interrupted would leave the cursor hidden.
    Deno.stderr.writeSync(SHOW_CURSOR);
  }

  end(outcome: NodeOutcome): void {
    const line = lineOf(outcome);
    if (outcome.status === "run") this.#spinner.success(line);
    else this.#spinner.start(line).info(line);
  }

  fail(node: string): void {
    this.#spinner.error(node);
  }

  finish(report: Omit<RunReport, "results">): void {
    this.#spinner.stop();
    console.error(summaryTable(report));
  }

  [Symbol.dispose](): void {
    isSpinning = false;
    this.#spinner.stop();
    for (const [method, original] of this.#originals) console[method] = original;
  }
}
