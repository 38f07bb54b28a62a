/** Finds a Rust toolchain that can build for wasm32 with atomics: it needs the sources of `core` and a wasm linker. */

/** How to call a toolchain. */
export interface Toolchain {
  /** The compiler's own version line. */
  version: string;
  cargo: string;
  cargoArguments: string[];
  linker: string;
  env: Record<string, string>;
}

async function output(command: string, ...args: string[]): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command(command, { args, stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Debian's packages: the compiler is a stable one, told to accept unstable features, and dependencies are vendored. */
async function debian(): Promise<Toolchain | null> {
  const rustc = "/usr/bin/rustc";
  const cargo = "/usr/bin/cargo";
  const version = await output(rustc, "--version");
  const library = `${await output(rustc, "--print", "sysroot")}/lib/rustlib/src/rust/library`;
  const linker = (await output("sh", "-c", "command -v wasm-ld-19 || command -v wasm-ld"))?.split("/").at(-1);
  if (!version || !linker || !await exists(cargo) || !await exists(`${library}/vendor`)) return null;
  const vendored = ['source.crates-io.replace-with="vendored"', `source.vendored.directory="${library}/vendor"`];
  return {
    version,
    cargo,
    cargoArguments: vendored.flatMap((setting) => ["--config", setting]),
    linker,
    env: { RUSTC: rustc, RUSTC_BOOTSTRAP: "1" },
  };
}

/** rustup's nightly with the component rust-src; its own linker. */
async function rustup(): Promise<Toolchain | null> {
  const sysroot = await output("rustc", "+nightly", "--print", "sysroot");
  const version = await output("rustc", "+nightly", "--version");
  if (!sysroot || !version || !await exists(`${sysroot}/lib/rustlib/src/rust/library`)) return null;
  return { version, cargo: "cargo", cargoArguments: [], linker: "rust-lld", env: { RUSTUP_TOOLCHAIN: "nightly" } };
}

/** The first toolchain there is, or the one that the environment variable RINGMILL_TOOLCHAIN names. */
export async function findToolchain(): Promise<Toolchain> {
  const toolchains: Record<string, () => Promise<Toolchain | null>> = { debian, rustup };
  const wanted = Deno.env.get("RINGMILL_TOOLCHAIN");
  if (wanted && !Object.hasOwn(toolchains, wanted)) {
    throw new Error(`Cannot use RINGMILL_TOOLCHAIN: expected debian or rustup, received ${wanted}`);
  }
  for (const [name, find] of Object.entries(toolchains)) {
    const toolchain = !wanted || wanted === name ? await find() : null;
    if (toolchain) return toolchain;
  }
  throw new Error(
    "Cannot build the ring core: found no Rust for WebAssembly with atomics; install rustc-web, cargo-web, rust-web-src and " +
      "lld-19 of Debian's security archive (1.88 or later: its main archive has 1.85, without vendored sources), or rustup's " +
      "nightly with rust-src, see ring-wasm/README.md",
  );
}
