/**
 * Lines at the bottom of a terminal that stay while what others print scrolls above them. Tasks print from threads of
 * their own, whenever they like: this works because the terminal itself scrolls only the lines above.
 */

import type { Terminal } from "../../terminal.ts";

const ESC = "\x1b";
const SAVE = `${ESC}7`;
const RESTORE = `${ESC}8`;
const CLEAR_LINE = `${ESC}[2K`;
const CLEAR_BELOW = `${ESC}[J`;
const WRAP = `${ESC}[?7h`;
const NO_WRAP = `${ESC}[?7l`;

const moveTo = (row: number) => `${ESC}[${row};1H`;
const up = (rows: number) => `${ESC}[${rows}A`;
/** Lets only the first rows scroll. It moves the cursor. */
const scrollOnly = (rows: number) => `${SAVE}${ESC}[1;${rows}r${RESTORE}`;
const SCROLL_ALL = `${SAVE}${ESC}[r${RESTORE}`;

/** Takes a panel away, also one of a program that could not. */
export const PANEL_REMOVAL: string = SCROLL_ALL + CLEAR_BELOW + WRAP;

/** The panel. Dispose it, or the terminal goes on to scroll in a part of itself only. */
export class BottomPanel implements Disposable {
  readonly #terminal: Terminal;
  /** Lines of the panel, and rows of the terminal that it was made for; 0 while there is none. */
  #height = 0;
  #rows = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    addEventListener("unload", this.#disposeLast);
  }

  /** Shows these lines in the place of those before. In one write, so that nobody prints in between. */
  show(lines: readonly string[]): void {
    const rows = this.#terminal.size()?.rows;
    if (rows === undefined) return;
    const isNew = lines.length !== this.#height || rows !== this.#rows;
    const before = isNew ? this.#removal() + makeRoom(lines.length, rows) : "";
    const painted = lines.map((line, index) => `${moveTo(rows - lines.length + 1 + index)}${CLEAR_LINE}${line}`);
    const text = before + (lines.length === 0 ? "" : `${SAVE}${NO_WRAP}${painted.join("")}${WRAP}${RESTORE}`);
    // Lines that a slow terminal does not take are drawn the next time.
    if (text !== "" && !this.#terminal.draw(text)) return;
    this.#height = lines.length;
    this.#rows = rows;
  }

  #removal(): string {
    return this.#height === 0 ? "" : PANEL_REMOVAL;
  }

  readonly #disposeLast = (): void => {
    this.#terminal.writeLast(this.#removal());
    this.#height = 0;
  };

  /** Removes the panel. What is printed next stands where it was. */
  [Symbol.dispose](): void {
    removeEventListener("unload", this.#disposeLast);
    if (this.#height > 0) this.#terminal.write(this.#removal());
    this.#height = 0;
  }
}

/** Empty lines at the bottom that do not scroll. */
function makeRoom(height: number, rows: number): string {
  if (height === 0) return "";
  // Lines at the bottom scroll up.
  return "\n".repeat(height) + up(height) + scrollOnly(rows - height);
}
