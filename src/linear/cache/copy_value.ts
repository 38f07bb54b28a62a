/** Copies that are just as the value is. */

import { BUILT_IN_CODECS, type CodecTable } from "./codec_table.ts";
import { bareAgain, inspectValue } from "./inspect_value.ts";
import { kindOfView, viewOf } from "../../structured_clone.ts";
import { cloneValue } from "./value_codec.ts";

/** A deep copy, or the value itself where a copy would not be the same. */
export function copyOf<Value>(value: Value, codecs: CodecTable = BUILT_IN_CODECS): Value {
  if (typeof value !== "object" || value === null) return value;
  return tryCopy(value, codecs) ?? value;
}

/** An array alone: V8's serializer would hold it and its copy until the next collection of all garbage. */
function copyOfView<View extends ArrayBufferView>(view: View): View {
  const length = "length" in view ? view.length as number : view.byteLength;
  return viewOf(kindOfView(view), view.buffer.slice(0) as ArrayBuffer, view.byteOffset, length) as unknown as View;
}

/** A deep copy; `undefined` where a copy would not be the same. */
export function tryCopy<Value extends object>(value: Value, codecs: CodecTable = BUILT_IN_CODECS): Value | undefined {
  const traits = inspectValue(value, codecs);
  if (traits.obstacle !== null) return undefined;
  try {
    if (ArrayBuffer.isView(value) && !traits.isCoded) return copyOfView(value);
    if (traits.isCoded || traits.hasViews) return cloneValue(value, { table: codecs }, traits) as Value;
    return bareAgain(structuredClone(value), traits.bare, () => false);
  } catch {
    // A proxy, or nested too deeply for a clone.
    return undefined;
  }
}
