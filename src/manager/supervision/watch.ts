/** Looks at several things again and again, until something is wrong with each. */

/** A thing that is looked at. */
export interface Watched {
  /** What is wrong with it, or `null`. */
  look(): string | null;
}

/** A fault shows so much later at most, as a part of the time that a thing is given. */
const LOOKS = 10;
const LONGEST_LOOK_MS = 500;

/** Watches things until it is disposed; each is reported once. Without any left to watch, it has no timer. */
export class Watch<Thing extends Watched> implements Disposable {
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  /** `patienceMs` is the shortest time that one of them is given. */
  constructor(things: readonly Thing[], patienceMs: number, report: (thing: Thing, fault: string) => void) {
    if (things.length === 0 || patienceMs === Infinity) return;
    const watched = new Set(things);
    this.#timer = setInterval(() => {
      for (const thing of watched) {
        const fault = thing.look();
        if (fault === null) continue;
        watched.delete(thing);
        if (watched.size === 0) this[Symbol.dispose]();
        report(thing, fault);
      }
    }, Math.min(LONGEST_LOOK_MS, Math.max(1, patienceMs / LOOKS)));
    Deno.unrefTimer(this.#timer);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
