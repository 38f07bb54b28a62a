/** The two outputs of the command line. All that it prints goes through here. */

import { safeLines } from "./safe_text.ts";

/** The file behind an output. */
export interface OutputFile {
  isTerminal(): boolean;
  write(bytes: Uint8Array): Promise<number>;
  writeSync(bytes: Uint8Array): number;
}

/** From one attempt to write to a slow output to the next, in milliseconds. */
const RETRY_MS = 50;
/** The latest table that is kept for an output that is slow, and what was printed to it, in bytes. */
const MOST_PENDING = 1_000_000;

/** An output that takes nothing for so long would hold up the end of the program, in milliseconds. */
const STUCK_MS = 300;

const encoder = new TextEncoder();

/**
 * An output. Nothing that it does throws, or holds up the work: bytes are written while others go on, a slow output is
 * tried again, and one that has gone away is given up for good.
 */
export class Terminal {
  readonly #file: OutputFile;
  readonly #gone: PromiseWithResolvers<void> = Promise.withResolvers();
  #pending: Uint8Array[] = [];
  #bytes = 0;
  #writing: Promise<void> | undefined;
  #isGone = false;
  /** When the file took bytes last, on the clock of this thread. */
  #tookAt = 0;

  constructor(file: OutputFile) {
    this.#file = file;
  }

  /** Whether nobody can see any more what is printed. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Resolves when the output has gone away. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Whether tables on it can take each other's place. */
  isInteractive(): boolean {
    return !this.#isGone && this.size() !== undefined && Deno.env.get("TERM") !== "dumb";
  }

  /** Its size; nothing if it is no terminal, or is none any more. */
  size(): { readonly rows: number; readonly columns: number } | undefined {
    try {
      return this.#file.isTerminal() ? Deno.consoleSize() : undefined;
    } catch {
      return undefined;
    }
  }

  /** Prints lines of any origin: control characters and those that are not seen are made harmless. */
  print(text: string): void {
    this.#enqueue(`${safeLines(text)}\n`);
  }

  /** Writes as it is what this program itself has made. */
  write(text: string): void {
    this.#enqueue(text);
  }

  /**
   * As {@link write}, before anything else happens, as far as a file can that is not slow: only a blocking terminal that
   * becomes full with this very text holds up the thread.
   */
  writeNow(text: string): void {
    if (this.#writing || this.#isGone) return this.#enqueue(text);
    const bytes = encoder.encode(text);
    try {
      for (let at = 0; at < bytes.length;) at += this.#writeSome(bytes.subarray(at));
    } catch {
      this.#giveUp();
    }
  }

  /** Writes a part at once, or hands over all of it where a non-blocking file is full. */
  #writeSome(bytes: Uint8Array): number {
    try {
      return this.#file.writeSync(bytes);
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      this.#enqueueBytes(bytes);
      return bytes.length;
    }
  }

  /** As {@link print}, at the end of the program. */
  printLast(text: string): void {
    this.writeLast(`${safeLines(text)}\n`);
  }

  /** As {@link write}, or not at all while what was written before is on its way. */
  draw(text: string): boolean {
    if (this.#writing) return false;
    this.#enqueue(text);
    return true;
  }

  /** As {@link write}, at the end of the program: nothing can be waited for then. */
  writeLast(text: string): void {
    const isStuck = this.#writing && performance.now() - this.#tookAt > STUCK_MS;
    if (text === "" || isStuck || this.#isGone) return;
    try {
      this.#file.writeSync(encoder.encode(text));
    } catch {
      this.#giveUp();
    }
  }

  /** Waits until all is written, for so long at most. */
  async drain(ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, ms));
    await Promise.race([this.#writing, late]);
    clearTimeout(timer);
  }

  #enqueue(text: string): void {
    this.#enqueueBytes(encoder.encode(text));
  }

  #enqueueBytes(bytes: Uint8Array): void {
    if (this.#isGone || this.#bytes + bytes.length > MOST_PENDING && this.#bytes > 0) return;
    this.#pending.push(bytes);
    this.#bytes += bytes.length;
    this.#writing ??= this.#writeAll().finally(() => this.#writing = undefined);
  }

  async #writeAll(): Promise<void> {
    for (let bytes = this.#pending.shift(); bytes; bytes = this.#pending.shift()) {
      this.#tookAt = performance.now();
      for (let at = 0; at < bytes.length && !this.#isGone;) at += await this.#write(bytes.subarray(at));
      this.#bytes -= bytes.length;
    }
  }

  /** Writes a part. How much of it, as with any file. */
  async #write(bytes: Uint8Array): Promise<number> {
    try {
      return await this.#file.write(bytes);
    } catch (error) {
      if (error instanceof Deno.errors.WouldBlock) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      else this.#giveUp();
      return 0;
    }
  }

  #giveUp(): void {
    this.#isGone = true;
    this.#pending = [];
    this.#gone.resolve();
  }
}

/** The standard output. */
export const STDOUT: Terminal = new Terminal(Deno.stdout);

/** The standard error. */
export const STDERR: Terminal = new Terminal(Deno.stderr);

/** How long a program that ends waits for a slow output, in milliseconds. */
const LAST_MS = 2000;

/** Waits, but not for ever, until what was printed is seen. */
export async function drainOutputs(): Promise<void> {
  await Promise.all([STDOUT.drain(LAST_MS), STDERR.drain(LAST_MS)]);
}
