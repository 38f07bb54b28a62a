/**
 * Reads tables of FlatBuffers from bytes that nobody vouches for: every place is checked before it is read. The npm packages
 * believe what a length says, and loop over billions of elements if it says so.
 */

/** A number of elements that lie in the buffer. */
interface Vector {
  readonly start: number;
  readonly count: number;
}

/** A table. Reading beyond the buffer throws a `RangeError`. */
export class FlatTable {
  readonly #view: DataView<ArrayBuffer>;
  readonly #at: number;
  readonly #slots: number;
  readonly #slotBytes: number;

  constructor(view: DataView<ArrayBuffer>, at: number) {
    this.#view = view;
    this.#at = at;
    this.#slots = at - view.getInt32(at, true);
    this.#slotBytes = view.getUint16(this.#slots, true);
  }

  /** The table that a buffer begins with. */
  static root(bytes: Uint8Array<ArrayBuffer>): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(view, view.getUint32(0, true));
  }

  /** Where the field of a slot lies, or `null` if it has its default. */
  #place(slot: number): number | null {
    const at = 4 + 2 * slot;
    if (at + 2 > this.#slotBytes) return null;
    const offset = this.#view.getUint16(this.#slots + at, true);
    return offset === 0 ? null : this.#at + offset;
  }

  /** A number of 8 bits, 0 by default. */
  byte(slot: number): number {
    const place = this.#place(slot);
    return place === null ? 0 : this.#view.getUint8(place);
  }

  /** A number of 16 bits, 0 by default. */
  short(slot: number): number {
    const place = this.#place(slot);
    return place === null ? 0 : this.#view.getInt16(place, true);
  }

  /** A number of 32 bits, 0 by default. */
  int(slot: number): number {
    const place = this.#place(slot);
    return place === null ? 0 : this.#view.getInt32(place, true);
  }

  /** A number of 64 bits, 0 by default; `NaN` if it has more than 53. */
  long(slot: number): number {
    const place = this.#place(slot);
    return place === null ? 0 : exact(this.#view.getBigInt64(place, true));
  }

  /** A table within this one. */
  table(slot: number): FlatTable | null {
    const place = this.#place(slot);
    return place === null ? null : this.#follow(place);
  }

  #follow(place: number): FlatTable {
    return new FlatTable(this.#view, place + this.#view.getUint32(place, true));
  }

  #vector(slot: number, size: number): Vector {
    const place = this.#place(slot);
    if (place === null) return { start: 0, count: 0 };
    const at = place + this.#view.getUint32(place, true);
    const count = this.#view.getUint32(at, true);
    if (at + 4 + count * size > this.#view.byteLength) {
      throw new RangeError(`a vector of ${count} ends behind its buffer`);
    }
    return { start: at + 4, count };
  }

  /** Tables. */
  tables(slot: number): FlatTable[] {
    const { start, count } = this.#vector(slot, 4);
    return Array.from({ length: count }, (_, index) => this.#follow(start + 4 * index));
  }

  /** Pairs of numbers of 64 bits. */
  pairs(slot: number): (readonly [number, number])[] {
    const { start, count } = this.#vector(slot, 16);
    const number = (place: number) => exact(this.#view.getBigInt64(place, true));
    return Array.from({ length: count }, (_, index) => [number(start + 16 * index), number(start + 16 * index + 8)]);
  }

  /** A text, empty by default. */
  text(slot: number): string {
    const { start, count } = this.#vector(slot, 1);
    return new TextDecoder().decode(new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, count));
  }
}

function exact(value: bigint): number {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : NaN;
}
