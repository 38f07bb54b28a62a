/** Two native threads that do the same: a small Rust program, built by cargo where there is one. */

import type { Percentiles } from "./_measure.ts";

const FOLDER = new URL("./native/", import.meta.url);

/** The program, built. */
export class NativeFloor {
  readonly #program: URL;

  private constructor(program: URL) {
    this.#program = program;
  }

  static #built: Promise<NativeFloor | null> | undefined;

  /** Builds the program, once. Says why and returns `null` if that cannot be done. */
  static build(): Promise<NativeFloor | null> {
    return NativeFloor.#built ??= NativeFloor.#build();
  }

  static async #build(): Promise<NativeFloor | null> {
    try {
      const args = ["build", "--release", "--offline", "--quiet"];
      const { success, stderr } = await new Deno.Command("cargo", { args, cwd: FOLDER }).output();
      if (success) return new NativeFloor(new URL("target/release/native-floor", FOLDER));
      console.log(`Without the native floor: cargo failed\n${new TextDecoder().decode(stderr)}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      console.log("Without the native floor: there is no cargo to build it");
    }
    return null;
  }

  async #run(...args: (string | number)[]): Promise<unknown> {
    const command = new Deno.Command(this.#program, { args: args.map(String) });
    const { success, stdout, stderr } = await command.output();
    const text = new TextDecoder();
    if (!success) throw new Error(`Cannot run the native floor ${args.join(" ")}: ${text.decode(stderr)}`);
    return JSON.parse(text.decode(stdout));
  }

  /** Nanoseconds of a round trip between two threads. */
  async roundTrips(kind: "spin" | "park", rounds: number): Promise<Percentiles> {
    const [p50, p99, p999] = await this.#run("latency", kind, rounds) as number[];
    return { p50, p99, "p99.9": p999 };
  }

  /** Nanoseconds per frame through a ring between two threads. */
  async copy(bytes: number, frames: number, window: number): Promise<number> {
    return await this.#run("copy", bytes, frames, window) as number;
  }

  /** Nanoseconds per frame in and out of such a ring's memory, in one thread. */
  async memcpy(bytes: number, frames: number, window: number): Promise<number> {
    return await this.#run("memcpy", bytes, frames, window) as number;
  }
}
