/** How values that a structured clone would not keep as they are become ones that it keeps, and back. */

import { callback, checkOptions, checkRule, type Rule } from "../rules.ts";

/**
 * Turns values of one kind into data that can be stored, and back.
 *
 * @example
 * ```ts
 * import { LinearNode, LinearPipeline, type ValueCodec } from "@ringmill/ringmill/linear";
 * import { equal } from "node:assert/strict";
 *
 * class Model {
 *   constructor(readonly weight: number) {}
 *   predict(x: number) {
 *     return this.weight * x;
 *   }
 * }
 *
 * const codec: ValueCodec<Model> = { encode: ({ weight }) => weight, decode: (weight) => new Model(weight as number) };
 * const train = new LinearNode({ name: "train", fn: () => new Model(3), outputs: ["model"], codec });
 * const { results } = await new LinearPipeline({ name: "codec", nodes: [train], quiet: true }).run();
 * equal((results.model as Model).predict(2), 6);
 * ```
 */
// deno-lint-ignore no-explicit-any
export interface ValueCodec<Value = any> {
  /** Data that stands for the value: what a structured clone keeps as it is. */
  encode(value: Value): unknown;
  /** The value for which `encoded` stands. */
  decode(encoded: unknown): Value;
  /** Tells two versions of the codec apart. A value that another version has written is made anew. */
  version?: string | number;
}

/** A codec for all instances of one class, wherever they are in a value. */
// deno-lint-ignore no-explicit-any
export interface ClassCodec<Value extends object = any> extends ValueCodec<Value> {
  /** The class. Its subclasses need codecs of their own. */
  // deno-lint-ignore no-explicit-any
  class: abstract new (...args: any[]) => Value;
}

/**
 * A codec for objects that have `toJSON()`, and a function that makes them from what it returns.
 *
 * @throws {TypeError} If `load` is no function.
 *
 * @example
 * ```ts
 * import { jsonCodec } from "@ringmill/ringmill/linear";
 * import { equal } from "node:assert/strict";
 *
 * class Model {
 *   constructor(readonly weights: number[]) {}
 *   toJSON() {
 *     return { weights: this.weights };
 *   }
 *   static load({ weights }: { weights: number[] }) {
 *     return new Model(weights);
 *   }
 * }
 *
 * const codec = jsonCodec(Model.load);
 * equal(codec.decode(codec.encode(new Model([1, 2]))).weights[1], 2);
 * ```
 */
export function jsonCodec<Value extends { toJSON(): Data }, Data = ReturnType<Value["toJSON"]>>(
  load: (data: Data) => Value,
  version?: string | number,
): ValueCodec<Value> {
  checkRule("make a codec", "load", callback, load);
  return { encode: (value) => value.toJSON(), decode: (data) => load(data as Data), version };
}

const versionRule: Rule = {
  expected: "a text or a number",
  isKind: (value) => typeof value === "string" || typeof value === "number",
};

/** Options of a codec. */
export const CODEC_RULES = { encode: callback, decode: callback, version: versionRule };

/** Options of a codec of a class. */
export const CLASS_CODEC_RULES = { ...CODEC_RULES, class: callback };

/**
 * Checks a codec; `rules` says of which kind.
 *
 * @throws {TypeError} If it lacks a function, or has something else.
 */
export function checkCodec(action: string, codec: unknown, rules: typeof CODEC_RULES): void {
  checkOptions(action, codec, rules);
  for (const option of Object.keys(rules).filter((option) => option !== "version")) {
    checkRule(action, option, callback, Reflect.get(codec as object, option));
  }
}
