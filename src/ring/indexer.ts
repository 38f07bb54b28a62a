/** Indexes into frames of several dimensions. */

import { checkRule, shape as shapeRule } from "../rules.ts";

/** As many indexes as a shape has dimensions. */
export type IndexesOf<Shape extends readonly number[]> = { -readonly [Dimension in keyof Shape]: number };

/** Where the element of some indexes lies in a frame. */
export type Indexer<Shape extends readonly number[]> = (...indexes: IndexesOf<Shape>) => number;

/**
 * A function that finds an element of a frame by its index along each dimension: frames are flat, the last index moves
 * fastest. Write the shape as a literal, and the editor knows how many indexes there must be. In a complex frame, twice the
 * result is where the real part lies.
 *
 * The function throws a `RangeError` if an index is no integer within the shape, and a `TypeError` if there are too few or
 * too many.
 *
 * @throws {TypeError} If `shape` is no array.
 * @throws {RangeError} If `shape` is not of positive integers.
 *
 * @example A pixel of a picture
 * ```ts
 * import { indexer } from "@ringmill/ringmill";
 * import { equal, throws } from "node:assert/strict";
 *
 * const at = indexer([480, 640, 3]);
 * const image = new Uint8Array(480 * 640 * 3);
 * image[at(479, 639, 2)] = 255;
 * equal(image.at(-1), 255);
 * throws(() => at(480, 0, 0), RangeError);
 * ```
 */
export function indexer<const Shape extends readonly number[]>(shape: Shape): Indexer<Shape> {
  checkRule("make an indexer", "shape", shapeRule, shape);
  const sizes = [...shape];
  const find = sizes.length <= 3 ? ofFew(sizes) : ofMany(sizes);
  return find as unknown as Indexer<Shape>;
}

function refuse(sizes: readonly number[], indexes: readonly number[]): never {
  const received = `received ${indexes.map((index) => Deno.inspect(index)).join(", ")}`;
  const shape = sizes.join("×");
  if (indexes.length !== sizes.length) {
    throw new TypeError(`Cannot index a frame of ${shape}: expected ${sizes.length} indexes, ${received}`);
  }
  throw new RangeError(`Cannot index a frame of ${shape}: each index must be an integer within it, ${received}`);
}

/** Written out for up to three dimensions, since it is called for each element. */
function ofFew([first, second, third]: readonly number[]): (...indexes: number[]) => number {
  const isIn = (index: number, size: number) => index >= 0 && index < size && index === Math.floor(index);
  if (second === undefined) {
    return (x, ...more) => more.length === 0 && isIn(x, first) ? x : refuse([first], given(x, ...more));
  }
  if (third === undefined) {
    return (y, x, ...more) => {
      const isRight = more.length === 0 && isIn(y, first) && isIn(x, second);
      return isRight ? y * second + x : refuse([first, second], given(y, x, ...more));
    };
  }
  return (z, y, x, ...more) => {
    const isRight = more.length === 0 && isIn(z, first) && isIn(y, second) && isIn(x, third);
    return isRight ? (z * second + y) * third + x : refuse([first, second, third], given(z, y, x, ...more));
  };
}

const given = (...indexes: number[]) => indexes.filter((index) => index !== undefined);

function ofMany(sizes: readonly number[]): (...indexes: number[]) => number {
  return (...indexes) => {
    if (indexes.length !== sizes.length) refuse(sizes, indexes);
    let at = 0;
    for (let n = 0; n < sizes.length; n++) {
      const index = indexes[n];
      if (!Number.isInteger(index) || index < 0 || index >= sizes[n]) refuse(sizes, indexes);
      at = at * sizes[n] + index;
    }
    return at;
  };
}
