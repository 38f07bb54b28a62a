/** Numbers that only grow, by what they belong to. */
export class Growth {
  readonly #before = new Map<unknown, number>();

  /** How much a number has grown since it was given last; 0 the first time. */
  since(owner: unknown, now: number): number {
    const before = this.#before.get(owner) ?? now;
    this.#before.set(owner, now);
    return Math.max(0, now - before);
  }
}
