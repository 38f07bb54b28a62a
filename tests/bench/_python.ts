/** Programs in Python, in virtual environments of their own. */

import { fileURLToPath } from "node:url";

const CACHE = fileURLToPath(new URL("../../.cache/", import.meta.url));

/** What a program needs. */
export interface PythonPackages {
  /** The folder of its virtual environment, below `.cache`. */
  readonly folder: string;
  /** What a Python must have, by the names that are imported. */
  readonly modules: readonly string[];
  /** What is installed, with versions. */
  readonly packages: readonly string[];
}

async function succeeds(command: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function run(command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`Cannot run ${command} ${args.join(" ")}: ${text.decode(stderr)}`);
  return text.decode(stdout);
}

/** A Python that has some packages. */
export class Python {
  readonly #python: string;

  private constructor(python: string) {
    this.#python = python;
  }

  /** Finds one that has the packages: in the virtual environment of {@link install}, or what is called python3. */
  static async find({ folder, modules }: PythonPackages): Promise<Python | null> {
    for (const python of [`${CACHE}${folder}/bin/python`, "python3"]) {
      if (await succeeds(python, "-c", `import ${modules.join(", ")}`)) return new Python(python);
    }
    return null;
  }

  /** Installs the packages into a virtual environment, unless they are there. */
  static async install(wanted: PythonPackages): Promise<Python> {
    const found = await Python.find(wanted);
    if (found) return found;
    const python = `${CACHE}${wanted.folder}/bin/python`;
    await run("python3", "-m", "venv", `${CACHE}${wanted.folder}`);
    const options = ["--quiet", "--ignore-requires-python", "--no-deps"];
    await run(python, "-m", "pip", "install", ...options, ...wanted.packages);
    return new Python(python);
  }

  /** Runs a program, and parses each line that it prints. */
  async run<Line>(program: URL, ...args: (string | number)[]): Promise<Line[]> {
    const output = await run(this.#python, fileURLToPath(program), ...args.map(String));
    return output.trim().split("\n").map((line) => JSON.parse(line));
  }
}
