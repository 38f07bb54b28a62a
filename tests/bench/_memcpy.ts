/** WebAssembly's `memory.copy` and nothing else: what the ring's copies are measured against. */

import binaryen from "binaryen";

const TEXT = `(module
  (import "env" "memory" (memory 1 65536 shared))
  (func (export "memcpy") (param i32 i32 i32)
    (memory.copy (local.get 0) (local.get 1) (local.get 2))))`;

/** Makes the module: one function on an imported shared memory, (to, from, length). */
export function memcpyModule(): WebAssembly.Module {
  const module = binaryen.parseText(TEXT);
  try {
    module.setFeatures(binaryen.Features.All);
    return new WebAssembly.Module(new Uint8Array(module.emitBinary()));
  } finally {
    module.dispose();
  }
}
