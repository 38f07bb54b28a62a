/** What is known of the last minutes, for charts. */

import type { LiveUpdate } from "../live/update.ts";

/** How far back charts go, in seconds. */
export const SPAN = 300;

/** Numbers over time; `null` where there were none. */
export type Series = (number | null)[];

/** Numbers of all charted columns over time. */
export class History {
  /** When each was taken, in seconds since 1970 as the program's clock was set at first. They never go back. */
  readonly times: number[] = [];
  /** By how many seconds that clock was set on since. */
  setOn = 0;
  readonly #series = new Map<string, Series>();
  #sampledAt: number | undefined;
  /** When the clock that is never set was 0, in seconds since 1970. */
  #zero: number | undefined;

  /** Adds what is known now, unless it was known before. */
  add({ sampledAt, clockMs, intervalMs, tables }: LiveUpdate): void {
    const known = this.times.length;
    const wall = sampledAt / 1000;
    if (sampledAt === this.#sampledAt) return;
    this.#sampledAt = sampledAt;
    const last = this.times.at(-1) ?? -Infinity;
    this.#zero ??= clockMs === undefined ? 0 : wall - clockMs / 1000;
    let time = clockMs === undefined ? wall - this.setOn : this.#zero + clockMs / 1000;
    // Who tells no other clock is taken to have been on time.
    if (time <= last) time = last + (clockMs === undefined ? Math.max(1, intervalMs) / 1000 : 0.001);
    this.setOn = wall - time;
    this.times.push(time);
    for (const { id, columns, rows } of tables) {
      for (const [index, column] of columns.entries()) {
        if (!column.isCharted) continue;
        for (const { node, values } of rows) this.#padded(id, column.id, node, known).push(values[index]);
      }
    }
    this.#forget();
  }

  /** Ends all lines: nobody knows what came then. */
  interrupt(): void {
    const last = this.times.at(-1);
    if (last !== undefined) this.times.push(last + 0.001);
  }

  /** The numbers of a row in a column, as many as there are times. */
  series(table: string, column: string, node: string): Series {
    return this.#padded(table, column, node, this.times.length);
  }

  #padded(table: string, column: string, node: string, length: number): Series {
    const key = JSON.stringify([table, column, node]);
    let series = this.#series.get(key);
    if (!series) this.#series.set(key, series = []);
    while (series.length < length) series.push(null);
    return series;
  }

  #forget(): void {
    const first = this.times.findIndex((time) => time >= this.times.at(-1)! - SPAN);
    // Not at each sample: arrays are moved as a whole.
    if (first < 60) return;
    this.times.splice(0, first);
    for (const [key, series] of this.#series) {
      series.splice(0, first);
      // Of a row that is gone for long.
      if (series.length === 0) this.#series.delete(key);
    }
  }
}
