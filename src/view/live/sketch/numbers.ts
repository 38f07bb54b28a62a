/** The numbers of a frame, of whatever type: those of 64 bits relative to the first, so that those near it are not rounded. */

import type { ArrayClass } from "../../../ring/dtypes.ts";
import { formatInteger, formatValue } from "../../../units.ts";

/** Numbers to draw. */
export interface Numbers {
  /** The number at an index. */
  at(index: number): number;
  /** A number of these as a text. */
  text(value: number): string;
  /** What they are counted from. */
  readonly base: bigint;
}

/** The numbers of a typed array. */
export function numbersOf(array: InstanceType<ArrayClass>): Numbers {
  if (!(array instanceof BigInt64Array || array instanceof BigUint64Array)) {
    const plain = array as Float64Array;
    return { at: (index) => plain[index], text: formatValue, base: 0n };
  }
  const base = array[0] ?? 0n;
  return {
    at: (index) => Number(array[index] - base),
    text: (value) => formatInteger(base, value),
    base,
  };
}

/** The sizes of complex numbers, which lie in pairs. */
export function sizesOf(pairs: Numbers): Numbers {
  return { text: pairs.text, base: 0n, at: (index) => Math.hypot(pairs.at(2 * index), pairs.at(2 * index + 1)) };
}

/** The smallest and the largest of what was seen, and how much was no finite number. */
export class Extent {
  least = Infinity;
  most = -Infinity;
  missing = 0;

  /** Sees a number. */
  add(value: number): void {
    if (!Number.isFinite(value)) this.missing++;
    else {
      if (value < this.least) this.least = value;
      if (value > this.most) this.most = value;
    }
  }

  /** Whether there was no finite number. */
  get isEmpty(): boolean {
    return this.least > this.most;
  }

  /** A number as a level from 0 to `top`; one above it if there is none. */
  level(value: number, top: number): number {
    if (!Number.isFinite(value)) return top + 1;
    const { least, most } = this;
    if (most === least) return Math.round(top / 2);
    // The range of float64 may be larger than its largest number.
    return Math.round(top * ((value / 2 - least / 2) / (most / 2 - least / 2)));
  }
}
