/** Figures of one end of a link, in shared memory: its task writes them, the program reads them. */

import type { LinkFiguresNow, LinkState } from "../manager/metrics.ts";

const STATES: readonly LinkState[] = ["connecting", "connected", "interrupted", "ended"];
/** Where each figure is. Times are those of the system's clock, 0 for none. */
const AT = { state: 0, lagFrames: 1, oldestAt: 2, bytes: 3, resends: 4, reconnects: 5, lostSince: 6 } as const;
const FIGURES = 7;

/** What only grows. */
export type CountedLinkFigure = "bytes" | "resends" | "reconnects";

/** The figures of an end. */
export class LinkFigures {
  /** What the other thread gets. */
  readonly memory: SharedArrayBuffer;
  readonly #figures: Float64Array<SharedArrayBuffer>;
  #isEnded = false;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#figures = new Float64Array(memory);
  }

  /** Those of an end that is not open yet. */
  static make(): LinkFigures {
    return new LinkFigures(new SharedArrayBuffer(FIGURES * 8));
  }

  /**
   * How the connection is. One that is closed after the end is not interrupted: the end stays. An end that is closed knows
   * nothing more of what is under way, or of the other end.
   */
  setState(state: LinkState): void {
    if (this.#isEnded) return;
    if (state === "ended") {
      this.setLag(0, undefined);
      this.setLost(null);
      this.#isEnded = true;
    }
    this.#figures[AT.state] = STATES.indexOf(state);
  }

  /** How many frames are not consumed at the other end, or here, and since when the first of them is under way. */
  setLag(frames: number, oldestAt: number | undefined): void {
    if (this.#isEnded) return;
    this.#figures[AT.lagFrames] = frames;
    this.#figures[AT.oldestAt] = frames > 0 ? oldestAt ?? 0 : 0;
  }

  /** Counts. */
  add(figure: CountedLinkFigure, many: number): void {
    this.#figures[AT[figure]] += many;
  }

  /** For how long a program at the other end has not been there, or `null`. */
  setLost(ms: number | null): void {
    if (this.#isEnded) return;
    this.#figures[AT.lostSince] = ms === null ? 0 : Date.now() - ms;
  }

  /** The figures at this moment. */
  read(): LinkFiguresNow {
    const now = Date.now();
    const since = (at: number) => at === 0 ? null : Math.max(0, now - at);
    const [state, lagFrames, oldestAt, bytes, resends, reconnects, lostSince] = this.#figures;
    const peerLostMs = since(lostSince);
    const known = STATES[state];
    return {
      state: known === "connected" && peerLostMs !== null ? "peer lost" : known,
      lagFrames,
      lagMs: since(oldestAt) ?? 0,
      bytes,
      resends,
      reconnects,
      peerLostMs,
    };
  }
}
