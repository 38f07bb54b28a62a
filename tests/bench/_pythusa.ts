/** PYTHUSA itself, in a virtual environment of Python, and what runs on it. */

const ROOT = new URL("../../", import.meta.url);
const VENV = new URL(".cache/pythusa/", ROOT).pathname;
const PROGRAM = new URL("_pythusa.py", import.meta.url).pathname;
/** What is installed. PYTHUSA asks for Python 3.12, but works on 3.11. */
const PACKAGES = ["numpy==2.4.6", "psutil==7.2.2", "pythusa==0.1.6"];

/** What a task of the program reports: seconds, and the sum of what it found. */
export interface Report {
  readonly start: number;
  readonly end: number;
  readonly found: number;
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

/** PYTHUSA, ready to run. */
export class Pythusa {
  readonly #python: string;

  private constructor(python: string) {
    this.#python = python;
  }

  /** Finds a Python that has PYTHUSA: the virtual environment of {@link install}, or what is called python3. */
  static async find(): Promise<Pythusa | null> {
    for (const python of [`${VENV}bin/python`, "python3"]) {
      if (await succeeds(python, "-c", "import pythusa")) return new Pythusa(python);
    }
    return null;
  }

  /** Installs PYTHUSA and what it needs into `.cache/pythusa`, unless it is there. */
  static async install(): Promise<Pythusa> {
    const found = await Pythusa.find();
    if (found) return found;
    await run("python3", "-m", "venv", VENV);
    await run(
      `${VENV}bin/python`,
      "-m",
      "pip",
      "install",
      "--quiet",
      "--ignore-requires-python",
      "--no-deps",
      ...PACKAGES,
    );
    return new Pythusa(`${VENV}bin/python`);
  }

  /** Runs the program, and gathers what its tasks report. */
  async run(kind: "frames" | "spectra", ...numbers: number[]): Promise<Report[]> {
    const output = await run(this.#python, PROGRAM, kind, ...numbers.map(String));
    return output.trim().split("\n").map((line) => JSON.parse(line));
  }
}
