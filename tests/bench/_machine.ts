/** The machine that benchmarks run on. */

import { cpus, totalmem } from "node:os";

/** What ratios depend on. */
export interface Machine {
  readonly processors: number;
  readonly model: string;
  readonly memoryGiB: number;
  readonly system: string;
  readonly deno: string;
  readonly v8: string;
}

/** Describes this machine. */
export function thisMachine(): Machine {
  return {
    processors: cpus().length,
    model: cpus()[0].model.trim(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${Deno.build.os} ${Deno.build.arch}`,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
  };
}

/** In one line. */
export function describeMachine({ processors, model, memoryGiB, system, deno, v8 }: Machine): string {
  return `Deno ${deno} (V8 ${
    v8.split(".").slice(0, 2).join(".")
  }) on ${processors} x ${model}, ${memoryGiB} GiB, ${system}`;
}
