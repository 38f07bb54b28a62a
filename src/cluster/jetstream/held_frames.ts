/** How many frames a server holds that were not consumed. */

/** Frames by the sequence numbers of their parcels. */
export class HeldFrames {
  readonly #parcels: { readonly sequence: number; readonly frames: number }[] = [];
  /** Frames that are held. */
  count = 0;

  /** A parcel with frames is stored. */
  add(sequence: number, frames: number): void {
    if (frames === 0) return;
    this.#parcels.push({ sequence, frames });
    this.count += frames;
  }

  /** All parcels up to a sequence number are consumed. */
  release(sequence: number): void {
    const kept = this.#parcels.findIndex((parcel) => parcel.sequence > sequence);
    const gone = this.#parcels.splice(0, kept < 0 ? this.#parcels.length : kept);
    for (const { frames } of gone) this.count -= frames;
  }
}
