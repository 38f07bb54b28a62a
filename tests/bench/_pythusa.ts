/** PYTHUSA itself, in Python. */

import { Python, type PythonPackages } from "./_python.ts";

const PROGRAM = new URL("_pythusa.py", import.meta.url);
/** PYTHUSA asks for Python 3.12, but works on 3.11. */
const PACKAGES: PythonPackages = {
  folder: "pythusa",
  modules: ["pythusa"],
  packages: ["numpy==2.4.6", "psutil==7.2.2", "pythusa==0.1.6"],
};

/** What a task of the program reports: seconds, and the sum of what it found. */
export interface Report {
  readonly start: number;
  readonly end: number;
  readonly found: number;
}

/** PYTHUSA, ready to run. */
export class Pythusa {
  readonly #python: Python;

  private constructor(python: Python) {
    this.#python = python;
  }

  /** Where a Python has it; `install` puts it into `.cache/pythusa` first. */
  static async find(install: boolean): Promise<Pythusa | null> {
    const python = await (install ? Python.install(PACKAGES) : Python.find(PACKAGES));
    return python && new Pythusa(python);
  }

  /** Runs the program, and gathers what its tasks report. */
  run(kind: "frames" | "spectra", ...numbers: number[]): Promise<Report[]> {
    return this.#python.run<Report>(PROGRAM, kind, ...numbers);
  }
}
