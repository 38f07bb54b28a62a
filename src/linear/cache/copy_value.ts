/** Copies that are just as the value is. */

import { BUILT_IN_CODECS, type CodecTable } from "./codec_table.ts";
import { bareAgain, inspectValue } from "./inspect_value.ts";
import { cloneValue } from "./value_codec.ts";

/** A deep copy, or the value itself where a copy would not be the same. */
export function copyOf<Value>(value: Value, codecs: CodecTable = BUILT_IN_CODECS): Value {
  if (typeof value !== "object" || value === null) return value;
  return tryCopy(value, codecs) ?? value;
}

/** A deep copy; `undefined` where a copy would not be the same. */
export function tryCopy<Value extends object>(value: Value, codecs: CodecTable = BUILT_IN_CODECS): Value | undefined {
  const traits = inspectValue(value, codecs);
  if (traits.obstacle !== null) return undefined;
  try {
    if (traits.isCoded || traits.hasViews) return cloneValue(value, { table: codecs }, traits) as Value;
    return bareAgain(structuredClone(value), traits.bare, () => false);
  } catch {
    // A proxy, or nested too deeply for a clone.
    return undefined;
  }
}
