/** Shows what a pipeline does. */

import { drawTable } from "../../view/draw/draw_table.ts";
import type { Snapshot } from "../../manager/metrics.ts";
import { formatDuration } from "../../units.ts";
import { BottomPanel } from "./bottom_panel.ts";
import { meanOf } from "./mean_snapshot.ts";
import type { Terminal } from "../../terminal.ts";

/** How it is shown. */
export interface FollowOptions {
  /** The pipeline's name. */
  readonly name: string;
  /** Milliseconds from one table to the next, where they are printed one below the other. */
  readonly everyMs: number;
  /** Where. */
  readonly terminal: Terminal;
  /** What is shown below the tables, in so many columns. */
  readonly below?: Below;
}

/** Lines below the tables that change on their own. */
export interface Below {
  lines(width: number): readonly string[];
  /** Calls `listener` when the lines are others. */
  follow(listener: () => void): void;
}

/** Seconds from one table to the next, unless it is said. */
export const EVERY_S = 10;

/** Columns of what is printed, where nobody knows how many there are. */
const COLUMNS = 80;

/** Rows of the terminal that are left to what tasks print. */
const OTHERS = 6;
/** Less than that tells nothing. */
const LOWEST = 3;

/** Follows the snapshots to their end: with a table that changes on a terminal, otherwise with tables now and then. */
export async function follow(snapshots: AsyncIterable<Snapshot>, options: FollowOptions): Promise<void> {
  const { name, terminal } = options;
  const view = terminal.isInteractive() ? new ChangingTable(options) : new PrintedTables(options);
  let whole: Snapshot | undefined;
  try {
    for await (const snapshot of snapshots) {
      whole = meanOf(whole, snapshot);
      view.show(snapshot, formatDuration(whole.elapsedMs));
    }
  } finally {
    view[Symbol.dispose]();
  }
  if (whole) {
    terminal.print(
      withBelow(drawTable(whole, { title: `${name}  mean of ${formatDuration(whole.elapsedMs)}` }), options),
    );
  }
}

/** A table with what stands below, to be printed. */
export function withBelow(table: string, { below, terminal }: Pick<FollowOptions, "below" | "terminal">): string {
  return [table, ...below?.lines(terminal.size()?.columns ?? COLUMNS) ?? []].join("\n");
}

class ChangingTable {
  readonly #options: FollowOptions;
  readonly #panel: BottomPanel;
  #latest: readonly [snapshot: Snapshot, time: string] | undefined;
  #isOver = false;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#panel = new BottomPanel(options.terminal);
    options.below?.follow(() => this.#latest && this.show(...this.#latest));
  }

  show(snapshot: Snapshot, time: string): void {
    if (this.#isOver) return;
    this.#latest = [snapshot, time];
    const { name, terminal, below } = this.#options;
    const size = terminal.size();
    if (!size) return;
    const { rows, columns } = size;
    const lines = below?.lines(columns) ?? [];
    const height = rows - OTHERS - lines.length;
    const title = `${name}  ${time}`;
    const table = drawTable(snapshot, { title, width: columns, height, colours: !Deno.noColor });
    this.#panel.show(height < LOWEST ? [] : [...table.split("\n"), ...lines]);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#panel[Symbol.dispose]();
  }
}

class PrintedTables {
  readonly #options: FollowOptions;
  #mean: Snapshot | undefined;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  show(snapshot: Snapshot, time: string): void {
    const { name, everyMs, terminal } = this.#options;
    const mean = this.#mean = meanOf(this.#mean, snapshot);
    if (mean.elapsedMs < everyMs) return;
    terminal.print(withBelow(drawTable(mean, { title: `${name}  ${time}` }), this.#options));
    this.#mean = undefined;
  }

  [Symbol.dispose](): void {}
}
