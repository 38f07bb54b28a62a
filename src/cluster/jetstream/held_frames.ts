/** How many frames a server holds that were not consumed. */

/** Frames by the sequence numbers of their parcels. */
export class HeldFrames {
  readonly #parcels: { readonly sequence: number; readonly frames: number; readonly at: number }[] = [];
  /** Frames that are held. */
  count = 0;

  /** When the first of them was sent, by the system's clock. */
  get oldestAt(): number | undefined {
    return this.#parcels[0]?.at;
  }

  /** A parcel with frames is stored. */
  add(sequence: number, frames: number, at: number): void {
    if (frames === 0) return;
    this.#parcels.push({ sequence, frames, at });
    this.count += frames;
  }

  /** All parcels up to a sequence number are consumed. */
  release(sequence: number): void {
    const kept = this.#parcels.findIndex((parcel) => parcel.sequence > sequence);
    const gone = this.#parcels.splice(0, kept < 0 ? this.#parcels.length : kept);
    for (const { frames } of gone) this.count -= frames;
  }
}
