/** PyDotCompute itself, in Python: kernels of one process, by asyncio on uvloop. */

import { type Percentiles, percentiles } from "./_measure.ts";
import type { Found } from "./_message_rivals.ts";
import { Python, type PythonPackages } from "./_python.ts";

const PROGRAM = new URL("_pydotcompute.py", import.meta.url);
const PACKAGES: PythonPackages = {
  folder: "pydotcompute",
  modules: ["pydotcompute", "uvloop"],
  packages: ["numpy==2.4.6", "msgpack==1.2.4", "uvloop==0.23.0", "pydotcompute==0.2.0"],
};

/** PyDotCompute, ready to run. */
export class PyDotCompute {
  readonly #python: Python;

  private constructor(python: Python) {
    this.#python = python;
  }

  /** Where a Python has it; `install` puts it into `.cache/pydotcompute` first. */
  static async find(install: boolean): Promise<PyDotCompute | null> {
    const python = await (install ? Python.install(PACKAGES) : Python.find(PACKAGES));
    return python && new PyDotCompute(python);
  }

  /** Messages from a kernel, or from the program, to another; from several kernels to one; round a ring of kernels; or lives of kernels. */
  async messages(
    kind: "one_way" | "from_program" | "producers" | "ring" | "lives",
    ...numbers: number[]
  ): Promise<Found> {
    const [found] = await this.#python.run<Found>(PROGRAM, kind, ...numbers);
    return found;
  }

  /** Questions and answers between two kernels. */
  async roundTrips(trips: number): Promise<Percentiles> {
    const [times] = await this.#python.run<number[]>(PROGRAM, "round_trips", trips);
    return percentiles(Float64Array.from(times));
  }
}
