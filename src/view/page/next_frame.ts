/** Draws before the next frame of the screen, once, however often it is asked to: not at all while nobody sees the page. */

/** Drawing takes at most one part in so many of the time: updates must be heard meanwhile, and clicks. */
const SHARE = 3;

/** Draws one thing. */
export class NextFrame {
  readonly #draw: () => void;
  #isWanted = false;
  /** Whether a frame is waited for, or the one before is rested from. */
  #isBusy = false;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  /** Draws soon. */
  request(): void {
    this.#isWanted = true;
    if (!this.#isBusy) this.#begin();
  }

  #begin(): void {
    this.#isBusy = true;
    requestAnimationFrame(() => {
      this.#isWanted = false;
      const begunAt = performance.now();
      this.#draw();
      // Later, when the browser has shown it, too.
      setTimeout(() => this.#rest((SHARE - 1) * (performance.now() - begunAt)));
    });
  }

  #rest(ms: number): void {
    setTimeout(() => {
      this.#isBusy = false;
      if (this.#isWanted) this.#begin();
    }, ms);
  }
}
