/** Links in memory that go wrong: parcels come late, or twice, and acks are forgotten until somebody insists. */

import type {
  LinkOpener,
  ReadingDescription,
  ReadingLink,
  TakenParcel,
  WritingDescription,
  WritingLink,
} from "../../src/cluster/link.ts";

/** How often things go wrong, 0 to 1. */
export interface Faults {
  readonly late: number;
  readonly twice: number;
  readonly forgotten: number;
}

const NONE: Faults = { late: 0, twice: 0, forgotten: 0 };

/** What a server would hold. */
export class MemoryLinks implements LinkOpener {
  readonly parcels: Uint8Array[] = [];
  /** How many are acked. */
  acked = 0;
  /** What a reading end is told: that parcels before were dropped. */
  isRejoined = false;
  readonly #faults: Faults;
  readonly #random: () => number;
  #wake = Promise.withResolvers<void>();

  constructor(random: () => number = () => 1, faults: Faults = NONE) {
    this.#random = random;
    this.#faults = faults;
  }

  /** Stores a parcel. */
  add(parcel: Uint8Array): void {
    this.parcels.push(parcel);
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  async #perhapsLate(): Promise<void> {
    if (this.#random() < this.#faults.late) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  async openWriting({ begin }: WritingDescription): Promise<WritingLink> {
    this.add(begin(this.parcels.at(-1) ?? null));
    return await Promise.resolve({
      put: async (parcel: Uint8Array) => {
        await this.#perhapsLate();
        this.add(parcel);
      },
      settle: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  }

  async openReading(_description: ReadingDescription): Promise<ReadingLink> {
    let next = this.acked;
    let wanted = this.acked;
    const take = async (signal: AbortSignal): Promise<TakenParcel> => {
      await this.#perhapsLate();
      if (next > wanted && this.#random() < this.#faults.twice) next--;
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener("abort", () => reject(signal.reason));
      promise.catch(() => {});
      while (next === this.parcels.length) await Promise.race([this.#wake.promise, promise]);
      signal.throwIfAborted();
      return { bytes: this.parcels[next], place: ++next };
    };
    return await Promise.resolve({
      isRejoined: this.isRejoined,
      take,
      ack: (place: number) => {
        wanted = Math.max(wanted, place);
        // As at a server: what is acked stays so, also if a reader that is gone acks less afterwards.
        if (this.#random() >= this.#faults.forgotten) this.acked = Math.max(this.acked, wanted);
      },
      settle: () => Promise.resolve(void (this.acked = Math.max(this.acked, wanted))),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  }
}
