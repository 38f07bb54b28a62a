/** Checks of what callers hand over, where the types were not heeded. */

/** @throws {TypeError} Unless `options` is an object. `action` says what they are for. */
export function checkOptions(action: string, options: unknown): void {
  if (typeof options === "object" && options !== null) return;
  throw new TypeError(`Cannot ${action}: its options must be an object, received ${Deno.inspect(options)}`);
}

/** @throws {TypeError} Unless `name` is a text. `action` says what it is the name of. */
export function checkName(action: string, name: unknown): void {
  if (typeof name === "string" && name !== "") return;
  throw new TypeError(`Cannot ${action}: its name must be a text, received ${Deno.inspect(name)}`);
}
