/** Runs the command as a person would. */

import { fileURLToPath } from "node:url";
import { type Outcome, runProgram } from "../examples/_run.ts";

const COMMAND = new URL("../../src/cli/main.ts", import.meta.url);

/** The module with pipelines. */
export const PIPELINES = fileURLToPath(new URL("./_pipelines.ts", import.meta.url));

/** Runs the command to its end. */
export function ringmill(...args: string[]): Promise<Outcome> {
  return runProgram(COMMAND, ...args);
}

/** How to start the command. */
export const START = [Deno.execPath(), "run", "-A", "--quiet", fileURLToPath(COMMAND)];

/** Reads a stream bit by bit. */
class Listener {
  readonly whole: Promise<string>;
  readonly #waiting: { readonly pattern: RegExp; readonly resolve: () => void }[] = [];
  /** What was read so far. */
  text = "";

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.whole = this.#listen(stream);
  }

  async #listen(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      this.text += part;
      this.#waiting.filter(({ pattern }) => pattern.test(this.text)).forEach(({ resolve }) => resolve());
    }
    return this.text;
  }

  /** Resolves when the text so far has this in it. */
  async until(pattern: RegExp): Promise<void> {
    if (pattern.test(this.text)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ pattern, resolve });
    const text = await Promise.race([promise, this.whole]);
    if (text !== undefined) throw new Error(`Cannot find ${pattern}: the stream has ended, received ${text}`);
  }
}

/** A command that runs. */
export class Running implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  /** What it has printed, and what is wrong. */
  readonly output: Listener;
  readonly errors: Listener;

  constructor([program, ...args]: readonly string[]) {
    const command = new Deno.Command(program, {
      args,
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    });
    this.#child = command.spawn();
    this.output = new Listener(this.#child.stdout);
    this.errors = new Listener(this.#child.stderr);
  }

  /** The number of its process. */
  get pid(): number {
    return this.#child.pid;
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Types something. */
  async type(text: string): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text));
    writer.releaseLock();
  }

  /** Waits for its end. */
  async end(): Promise<Outcome> {
    const { code } = await this.#child.status;
    return { status: code, output: await this.output.whole, errors: await this.errors.whole };
  }

  /** Ends it, whatever it does. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.stdin.close().catch(() => {});
    await this.end();
  }
}

/** Starts the command. */
export function start(...args: string[]): Running {
  return new Running([...START, ...args]);
}
