import { deepEqual, doesNotThrow, equal, throws } from "node:assert/strict";
import { inspectCore } from "../../ring-wasm/inspect.ts";
import { bytes, codes, compiler } from "../../src/ring/core.generated.ts";

const I32 = 0x7f;
const I32_CONST = 0x41;
const END = 0x0b;

/** A WebAssembly binary of some sections. */
function wasm(...sections: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, ...sections.flat());
}

function section(id: number, ...content: readonly number[]): number[] {
  return [id, content.length, ...content];
}

function name(text: string): number[] {
  return [text.length, ...new TextEncoder().encode(text)];
}

const SHARED_PAGE = [0x02, 0x03, 0x01, 0x01];
const memory = (module = "env", field = "memory") => [...name(module), ...name(field), ...SHARED_PAGE];
const imports = (...all: readonly (readonly number[])[]) => section(2, all.length, ...all.flat());

/** A function without parameters, results or body. */
const TYPE = section(1, 1, 0x60, 0, 0);
const FUNCTION = section(3, 1, 0);
const CODE = section(10, 1, 2, 0, END);

Deno.test("inspectCore() accepts the committed core", () => {
  doesNotThrow(() => inspectCore(bytes));
});

Deno.test("inspectCore() accepts a module that imports env.memory alone", () => {
  doesNotThrow(() => inspectCore(wasm(imports(memory()))));
  doesNotThrow(() => inspectCore(wasm(TYPE, imports(memory()), FUNCTION, CODE)));
});

Deno.test("inspectCore() refuses a data section", () => {
  const active = section(11, 1, 0, I32_CONST, 0, END, 1, 42);
  const passive = section(11, 1, 1, 1, 42);
  for (const data of [active, passive]) {
    throws(() => inspectCore(wasm(imports(memory()), data)), /Cannot use the built core: it has a data section/);
  }
});

Deno.test("inspectCore() refuses a global, mutable or not", () => {
  for (const mutability of [0, 1]) {
    const global = section(6, 1, I32, mutability, I32_CONST, 0, END);
    throws(() => inspectCore(wasm(imports(memory()), global)), /it has a global, such as __stack_pointer/);
  }
});

Deno.test("inspectCore() refuses a start function", () => {
  const module = wasm(TYPE, imports(memory()), FUNCTION, section(8, 0), CODE);
  throws(() => inspectCore(module), /it has a start function/);
});

Deno.test("inspectCore() refuses another import, or none", () => {
  const log = [...name("env"), ...name("log"), 0x00, 0];
  const stackPointer = [...name("env"), ...name("__stack_pointer"), 0x03, I32, 1];
  throws(() => inspectCore(wasm(TYPE, imports(memory(), log))), /it imports memory env\.memory, function env\.log$/);
  throws(
    () => inspectCore(wasm(imports(memory(), stackPointer))),
    /it imports memory env\.memory, global env\.__stack_pointer$/,
  );
  throws(() => inspectCore(wasm(imports(memory("elsewhere")))), /it imports memory elsewhere\.memory$/);
  throws(() => inspectCore(wasm()), /it must import memory env\.memory alone/);
});

Deno.test("inspectCore() refuses an import env.memory that is not a memory", () => {
  const impostor = [...name("env"), ...name("memory"), 0x00, 0];
  throws(() => inspectCore(wasm(TYPE, imports(impostor))), /it must import memory env\.memory alone/);
});

Deno.test("inspectCore() refuses bytes that are not WebAssembly", () => {
  throws(() => inspectCore(Uint8Array.of(1, 2, 3)), WebAssembly.CompileError);
});

Deno.test("the generated module names the compiler and has distinct negative codes", () => {
  equal(typeof compiler, "string");
  const { NOT_READY, CLOSED, STOPPED, OVERTAKEN, OUTRANKED, INTERRUPTED, DONE, REFRESH_DUE } = codes;
  const negative = [NOT_READY, CLOSED, STOPPED, OVERTAKEN, OUTRANKED, INTERRUPTED];
  deepEqual(negative.toSorted(), [...new Set(negative)].filter((code) => code < 0).toSorted());
  deepEqual([DONE, REFRESH_DUE], [0, 1]);
});
