/** What a run shows on the terminal, all of it on the standard error. */

import { fstatSync } from "node:fs";
import process from "node:process";
import type { Spinner } from "yocto-spinner";
import { safe } from "../../safe_text.ts";
import { STDERR } from "../../terminal.ts";
import type { NodeOutcome, RunReport } from "../report.ts";
import { outcomeText, summaryLine } from "../report.ts";
import { SpinnerStream } from "./spinner_stream.ts";

/** Shows how a run gets on. */
export interface Display {
  /** A node's function is about to be called: the `index`th of `count` nodes. */
  begin(node: string, index: number, count: number): void;
  /** A node has run, or does not have to. */
  end(outcome: NodeOutcome, index: number, count: number): void;
  /** The run has failed while this node ran. */
  fail(node: string): void;
  /** All nodes are done. */
  finish(report: Omit<RunReport, "results">): void | Promise<void>;
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
  const stream = new SpinnerStream(STDERR);
  return new SpinnerDisplay(createSpinner({ handleSignals: false, stream: stream as never }), stream);
}

/** Whether a spinner would turn. It reads the environment, for which it must not ask a person in the middle of a run. */
function isInteractive(): boolean {
  if (!Deno.stderr.isTerminal() || Deno.permissions.querySync({ name: "env" }).state !== "granted") return false;
  return Deno.env.get("TERM") !== "dumb" && !Deno.env.has("CI");
}

const lineOf = (outcome: NodeOutcome) => safe(`${outcome.node}  ${outcomeText(outcome)}`);

const METHODS = ["log", "info", "warn", "error", "debug"] as const;

/** Has something done before each call of a method, until it is disposed. */
function before(owner: object, name: string, act: () => void): Disposable {
  const methods = owner as Record<string, (...args: unknown[]) => unknown>;
  const original = methods[name];
  methods[name] = (...args) => {
    act();
    return original.apply(owner, args);
  };
  return { [Symbol.dispose]: () => methods[name] = original };
}

/** Has something done before a node logs anything, until it is disposed. */
function beforeLogging(act: (method: typeof METHODS[number]) => void): DisposableStack {
  const stack = new DisposableStack();
  for (const method of METHODS) stack.use(before(console, method, () => act(method)));
  return stack;
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
    STDERR.writeNow(text);
  }

  #break(): void {
    if (this.#isOpen) this.#write("\n");
    this.#isOpen = false;
  }

  begin(node: string, index: number, count: number): void {
    this.#write(`[${index + 1}/${count}] ${safe(node)}`);
    this.#isOpen = true;
  }

  end(outcome: NodeOutcome, index: number, count: number): void {
    this.#write(this.#isOpen ? `  ${safe(outcomeText(outcome))}\n` : `[${index + 1}/${count}] ${lineOf(outcome)}\n`);
    this.#isOpen = false;
  }

  fail(node: string): void {
    this.#write(this.#isOpen ? "  failed\n" : `failed: ${safe(node)}\n`);
    this.#isOpen = false;
  }

  finish(report: Omit<RunReport, "results">): void {
    this.#write(`${safe(summaryLine(report))}\n`);
  }

  [Symbol.dispose](): void {
    this.#break();
    this.#logging[Symbol.dispose]();
  }
}

const SHOW_CURSOR = "\x1b[?25h";
/** How long the end waits for a terminal that is slow, in milliseconds. */
const LAST_MS = 1000;

class SpinnerDisplay implements Display {
  readonly #spinner: Spinner;
  readonly #stream: SpinnerStream;
  readonly #logging: Disposable;

  constructor(spinner: Spinner, stream: SpinnerStream) {
    this.#spinner = spinner;
    this.#stream = stream;
    // A node's log lines would stand in the spinner's line.
    const clear = () => stream.now(() => spinner.clear());
    const logging = beforeLogging(clear);
    for (const output of [process.stdout, process.stderr]) logging.use(before(output, "write", clear));
    this.#logging = logging;
  }

  begin(node: string, index: number, count: number): void {
    this.#stream.now(() => {
      this.#spinner.start(`[${index + 1}/${count}] ${safe(node)}`);
      // A program that is interrupted would leave the cursor hidden.
      this.#stream.append(SHOW_CURSOR);
    });
  }

  end(outcome: NodeOutcome): void {
    const line = lineOf(outcome);
    this.#stream.now(() => {
      if (outcome.status === "run") this.#spinner.success(line);
      else this.#spinner.start(line).info(line);
    });
  }

  fail(node: string): void {
    this.#stream.now(() => this.#spinner.error(safe(node)));
  }

  async finish(report: Omit<RunReport, "results">): Promise<void> {
    this.#stream.now(() => this.#spinner.stop());
    STDERR.print(summaryLine(report));
    await STDERR.drain(LAST_MS);
  }

  [Symbol.dispose](): void {
    isSpinning = false;
    this.#stream.now(() => this.#spinner.stop());
    this.#logging[Symbol.dispose]();
  }
}
