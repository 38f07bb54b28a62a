/** The stream that a spinner draws to. */

import type { Terminal } from "../../terminal.ts";

/**
 * A terminal, as a spinner wants it. Frames are drawn while other things go on; one that a slow terminal does not take is
 * left out. What is drawn on the way is written at once, as a node's own lines may follow.
 */
export class SpinnerStream {
  readonly isTTY = true;
  readonly #terminal: Terminal;
  #frame = "";
  #isNow = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  get columns(): number | undefined {
    return this.#terminal.size()?.columns;
  }

  /** Does what draws, and writes that at once. */
  now(draw: () => void): void {
    this.#isNow = true;
    draw();
    this.#isNow = false;
    const text = this.#take();
    if (text !== "") this.#terminal.writeNow(text);
  }

  write(text: string): void {
    this.append(text);
  }

  /** As {@link write}, of what is not seen. A spinner that turns makes room for what others write to its stream. */
  append(text: string): void {
    if (this.#frame === "" && !this.#isNow) queueMicrotask(() => this.#terminal.draw(this.#take()));
    this.#frame += text;
  }

  #take(): string {
    const frame = this.#frame;
    this.#frame = "";
    return frame;
  }

  cursorTo(column: number): void {
    this.write(`\x1b[${column + 1}G`);
  }

  moveCursor(_: number, rows: number): void {
    this.write(`\x1b[${Math.abs(rows)}${rows < 0 ? "A" : "B"}`);
  }

  clearLine(_: number): void {
    this.write("\x1b[0K");
  }
}
