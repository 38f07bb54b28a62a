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
}

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
  if (whole) terminal.print(drawTable(whole, { title: `${name}  mean of ${formatDuration(whole.elapsedMs)}` }));
}

class ChangingTable {
  readonly #options: FollowOptions;
  readonly #panel: BottomPanel;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#panel = new BottomPanel(options.terminal);
  }

  show(snapshot: Snapshot, time: string): void {
    const { name, terminal } = this.#options;
    const size = terminal.size();
    if (!size) return;
    const { rows, columns } = size;
    const height = rows - OTHERS;
    const title = `${name}  ${time}`;
    const table = drawTable(snapshot, { title, width: columns, height, colours: !Deno.noColor });
    this.#panel.show(height < LOWEST ? [] : table.split("\n"));
  }

  [Symbol.dispose](): void {
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
    terminal.print(drawTable(mean, { title: `${name}  ${time}` }));
    this.#mean = undefined;
  }

  [Symbol.dispose](): void {}
}
