/**
 * Builds the ring core and generates `src/ring/core.generated.ts` from it.
 *
 *     deno task wasm           build, check, write the module
 *     deno task wasm --check   build, check, and compare with the committed module; where the compiler is not the pinned
 *                              one, run the ring's tests on what was built
 *
 * `ring-wasm/README.md` says how to install a toolchain.
 */

import { fileURLToPath } from "node:url";
import binaryen from "binaryen";
import { inspectCore } from "./inspect.ts";
import { findToolchain, type Toolchain } from "./toolchain.ts";

const root = new URL("../", import.meta.url);
const generated = "src/ring/core.generated.ts";

/** Memory is shared and imported; the core keeps nothing in it for itself, so it needs no stack. */
const linkArguments = ["--import-memory", "--shared-memory", "--max-memory=4294967296", "-zstack-size=0"];
const features = "+atomics,+bulk-memory,+mutable-globals,+simd128";

/** Runs a command to its end and throws, with what it printed, if it fails. */
async function run(command: string, options: Deno.CommandOptions): Promise<void> {
  const { success, stderr, stdout } = await new Deno.Command(command, { ...options, stdin: "null" }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`Cannot run ${command}: ${text.decode(stdout)}${text.decode(stderr)}`);
}

async function build(toolchain: Toolchain): Promise<Uint8Array<ArrayBuffer>> {
  const flags = [`-Ctarget-feature=${features}`, `-Clinker=${toolchain.linker}`];
  flags.push(...linkArguments.map((argument) => `-Clink-arg=${argument}`));
  await run(toolchain.cargo, {
    args: [
      ...["build", "--release", "--lib", "--locked", "--target", "wasm32-unknown-unknown", "-Zbuild-std=core"],
      ...["--target-dir", "target", ...toolchain.cargoArguments],
    ],
    cwd: new URL("ring-wasm", root),
    env: { ...toolchain.env, CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f") },
  });
  return await Deno.readFile(new URL("ring-wasm/target/wasm32-unknown-unknown/release/ring_wasm.wasm", root));
}

/** Optimizes the whole module, and drops what only the linker wanted: names, and globals for a stack that is not there. */
function optimized(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const module = binaryen.readBinary(wasm);
  try {
    for (const name of ["__data_end", "__heap_base"]) module.removeExport(name);
    binaryen.setOptimizeLevel(3);
    binaryen.setDebugInfo(false);
    module.optimize();
    module.runPasses(["strip-debug", "strip-producers", "strip-target-features"]);
    return new Uint8Array(module.emitBinary());
  } finally {
    module.dispose();
  }
}

/** The `pub const NAME: TYPE = NUMBER;` lines of a Rust file, as an object literal with their docs. */
function constants(rust: string): string {
  const lines: string[] = [];
  for (const [, docs, name, value] of rust.matchAll(/((?:^\/\/\/ .*\n)*)^pub const (\w+): \w+ = (-?\d+);$/gm)) {
    lines.push(
      `  /** ${docs.replaceAll(/^\/\/\/ /gm, "").trim().replaceAll("\n", "\n   * ")} */`,
      `  ${name}: ${value},`,
    );
  }
  return `{\n${lines.join("\n")}\n} as const`;
}

async function generate(wasm: Uint8Array<ArrayBuffer>, toolchain: Toolchain): Promise<string> {
  const source = (name: string) => Deno.readTextFile(new URL(`src/${name}.rs`, import.meta.url));
  const base64 = wasm.toBase64().replaceAll(/.{1,110}/g, (line) => `  "${line}" +\n`).slice(0, -3);
  return [
    "// Generated from ring-wasm by `deno task wasm`. Do not edit.",
    "// deno-fmt-ignore-file",
    "",
    "/** The compiler that built the bytes: the pinned toolchain. */",
    `export const compiler = ${JSON.stringify(toolchain.version)};`,
    "",
    "/** Where every word of the shared memory lies, from `ring-wasm/src/layout.rs`. */",
    `export const layout = ${constants(await source("layout"))};`,
    "",
    "/** What the functions of the core return, from `ring-wasm/src/codes.rs`. */",
    `export const codes = ${constants(await source("codes"))};`,
    "",
    `/** The WebAssembly module: ${wasm.length} bytes. */`,
    `export const bytes: Uint8Array<ArrayBuffer> = Uint8Array.fromBase64(\n${base64},\n);`,
    "",
  ].join("\n");
}

/** The committed bytes, as another compiler's must behave like them and the pinned one's must be them. */
async function check(fresh: string, toolchain: Toolchain): Promise<void> {
  const committed = await Deno.readTextFile(new URL(generated, root));
  if (fresh === committed) {
    console.log(`The committed ${generated} is what ${toolchain.version} builds from ring-wasm.`);
    return;
  }
  if (committed.includes(JSON.stringify(toolchain.version))) {
    throw new Error(`${generated} is not what ring-wasm builds with the pinned compiler: run deno task wasm`);
  }
  await testRebuilt(fresh);
  console.log(`The core that ${toolchain.version} builds, which is not the pinned compiler, passes the ring's tests.`);
}

async function testRebuilt(fresh: string): Promise<void> {
  const copy = await Deno.makeTempDir({ prefix: "ring-wasm-" });
  try {
    for (const name of ["src", "tests", "mod.ts", "deno.json", "deno.lock"]) {
      await run("cp", { args: ["-R", fileURLToPath(new URL(name, root)), copy] });
    }
    await Deno.writeTextFile(`${copy}/${generated}`, fresh);
    await run(Deno.execPath(), { args: ["test", "-A", "--no-check", "tests/ring"], cwd: copy });
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

async function main(): Promise<void> {
  const toolchain = await findToolchain();
  const core = optimized(await build(toolchain));
  inspectCore(core);
  const fresh = await generate(core, toolchain);
  if (Deno.args.includes("--check")) return await check(fresh, toolchain);
  await Deno.writeTextFile(new URL(generated, root), fresh);
  console.log(`Wrote ${generated} with ${toolchain.version}.`);
}

if (import.meta.main) {
  await main().catch((error) => {
    console.error(`error: ${error.message}`);
    Deno.exit(1);
  });
}
