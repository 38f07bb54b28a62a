/**
 * Asserts on a built core what workers rely on. Every worker has an instance of its own on the same memory, so an
 * instance must not keep anything there: no data section (statics), no stack pointer, no thread-local storage.
 */

const GLOBAL = 6;
const START = 8;
const DATA = 11;
const HEADER_BYTES = 8;

/** An unsigned LEB128 number at `at`, and the place after it. */
function unsigned(bytes: Uint8Array, at: number): [number, number] {
  let value = 0;
  for (let shift = 0;; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at];
  }
}

/** The ids of the sections of a WebAssembly binary. */
function sectionIds(wasm: Uint8Array): Set<number> {
  const ids = new Set<number>();
  for (let at = HEADER_BYTES; at < wasm.length;) {
    ids.add(wasm[at]);
    const [size, start] = unsigned(wasm, at + 1);
    at = start + size;
  }
  return ids;
}

/**
 * Checks a built core.
 *
 * @throws {Error} If it imports anything but the memory, or has data, a start function or a global: a stack pointer and
 * a base of thread-locals would be globals.
 */
export function inspectCore(wasm: Uint8Array<ArrayBuffer>): void {
  const refuse = (what: string): never => {
    throw new Error(`Cannot use the built core: ${what}`);
  };
  const described = WebAssembly.Module.imports(new WebAssembly.Module(wasm));
  const imports = described.map(({ module, name, kind }) => `${kind} ${module}.${name}`).join(", ");
  if (imports !== "memory env.memory") refuse(`it must import memory env.memory alone, it imports ${imports}`);
  const found = sectionIds(wasm);
  if (found.has(DATA)) refuse("it has a data section");
  if (found.has(START)) refuse("it has a start function");
  if (found.has(GLOBAL)) refuse("it has a global, such as __stack_pointer");
}
