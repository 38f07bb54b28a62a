/** What a run shows on the terminal, all of it on the standard error. */

import { fstatSync } from "node:fs";
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

const METHODS = ["log", "info", "warn", "error", "debug"] as const;

/** Has something done before a node logs anything, until it is disposed. */
function beforeLogging(act: (method: typeof METHODS[number]) => void): Disposable {
  const originals = METHODS.map((method) => [method, console[method]] as const);
  for (const [method, original] of originals) {
    console[method] = (...args: unknown[]) => {
      act(method);
      original.apply(console, args);
    };
  }
  return {
    [Symbol.dispose]: () => {
      for (const [method, original] of originals) console[method] = original;
    },
  };
}

/** Whether what is logged and what goes to the standard error end up in one file. */
function isOneFile(): boolean {
  try {
    const [output, errors] = [fstatSync(1), fstatSync(2)];
    return output.ino === errors.ino && output.dev === errors.dev;
  } catch {
    return true;
  }
}

/**
 * Lines for a log. That of a node begins when the node does, so that one that takes long, or is killed, can be told.
 */
class PlainDisplay implements Display {
  /** Whether a line has begun, and not ended. */
  #isOpen = false;
  readonly #logging: Disposable;

  constructor() {
    const isShared = isOneFile();
    this.#logging = beforeLogging((method) => {
      if (isShared || method === "warn" || method === "error") this.#break();
    });
  }

  #write(text: string): void {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  }

  #break(): void {
    if (this.#isOpen) this.#write("\n");
    this.#isOpen = false;
  }

  begin(node: string, index: number, count: number): void {
    this.#write(`[${index + 1}/${count}] ${node}`);
    this.#isOpen = true;
  }

  end(outcome: NodeOutcome, index: number, count: number): void {
    const line = lineOf(outcome);
    this.#write(this.#isOpen ? `${line.slice(outcome.node.length)}\n` : `[${index + 1}/${count}] ${line}\n`);
    this.#isOpen = false;
  }

  fail(node: string): void {
    this.#write(this.#isOpen ? "  failed\n" : `failed: ${node}\n`);
    this.#isOpen = false;
  }

  finish(report: Omit<RunReport, "results">): void {
    this.#write(`${summaryTable(report)}\n`);
  }

  [Symbol.dispose](): void {
    this.#break();
    this.#logging[Symbol.dispose]();
  }
}

const SHOW_CURSOR = new TextEncoder().encode("\x1b[?25h");

class SpinnerDisplay implements Display {
  readonly #spinner: Spinner;
  readonly #logging: Disposable;

  constructor(spinner: Spinner) {
    this.#spinner = spinner;
    // Deno's console does not write through the streams that the spinner watches: what a node logs would stand in its line.
    this.#logging = beforeLogging(() => spinner.clear());
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
    this.#logging[Symbol.dispose]();
  }
}
