/** Pipelines that fail as a whole, for `run --restart`. Each says which process it is. */

import { Pipeline, type Reader, type TaskContext, type Writer } from "@ringmill/ringmill";

type Numbers = { numbers: Writer<"int32"> };

/** Counts the runs in a file, and fails in the first ones. */
export function failAtFirst({ numbers }: Numbers, { params: { file, failures } }: TaskContext<Params>) {
  const run = Number(Deno.readTextFileSync(file)) + 1;
  Deno.writeTextFileSync(file, String(run));
  console.log(`run ${run} is process ${Deno.pid}`);
  numbers.write(Int32Array.of(run));
  if (run <= failures) throw new Error(`run ${run}`);
}

/** Says which process it is, and goes on until it is stopped. */
export function goOn({ numbers }: Numbers, context: TaskContext) {
  console.log(`process ${Deno.pid}`);
  try {
    for (let n = 0;; n++) {
      numbers.write(Int32Array.of(n));
      context.sleep(20);
    }
  } finally {
    console.log("unwound");
  }
}

export function swallow({ numbers }: { numbers: Reader<"int32"> }) {
  for (const _ of numbers);
}

/** Says which process it is, and hangs. */
export function hang({ numbers }: { numbers: Reader<"int32"> }) {
  numbers.look(Infinity);
  console.log(`process ${Deno.pid}`);
  for (;;);
}

interface Params {
  readonly file: string;
  readonly failures: number;
}

function line(): { pipe: Pipeline; numbers: ReturnType<Pipeline["addStream"]> } {
  const pipe = new Pipeline("line", import.meta, { graceMs: 100 });
  return { pipe, numbers: pipe.addStream("numbers", { shape: [1], dtype: "int32" }) };
}

export function counted(): Pipeline {
  const { pipe, numbers } = line();
  const params = { file: Deno.env.get("RUNS_FILE")!, failures: Number(Deno.env.get("FAILURES")) };
  // deno-lint-ignore no-explicit-any
  pipe.addTask("source", { fn: failAtFirst, writes: { numbers }, params } as any);
  // deno-lint-ignore no-explicit-any
  pipe.addTask("sink", { fn: swallow, reads: { numbers } } as any);
  return pipe;
}

function endlessLine(sink: typeof swallow, stallTimeoutMs?: number): Pipeline {
  const { pipe, numbers } = line();
  // deno-lint-ignore no-explicit-any
  pipe.addTask("source", { fn: goOn, writes: { numbers } } as any);
  // deno-lint-ignore no-explicit-any
  pipe.addTask("sink", { fn: sink, reads: { numbers }, stallTimeoutMs } as any);
  return pipe;
}

/** Fails on the numbers that 3 divides. */
export function failsOnThirds({ numbers }: { numbers: Reader<"int32"> }) {
  for (const [n] of numbers) if (n % 3 === 0) throw new RangeError(`${n} is bad`);
}

export function counts({ numbers }: Numbers) {
  for (let n = 1; n <= 10; n++) numbers.write(Int32Array.of(n));
}

/** One with dead letters. */
export function poisoned(): Pipeline {
  const { pipe, numbers } = line();
  const restart = { backoffMs: 1, onFailedFrame: { attempts: 1, then: "deadLetters" } } as const;
  // deno-lint-ignore no-explicit-any
  pipe.addTask("source", { fn: counts, writes: { numbers } } as any);
  // deno-lint-ignore no-explicit-any
  pipe.addTask("sink", { fn: failsOnThirds, reads: { numbers }, restart } as any);
  return pipe;
}

export const endless = () => endlessLine(swallow);
export const stalled = () => endlessLine(hang, 50);

/** One that cannot be compiled, and says so each time that it is tried. */
export function loose(): Pipeline {
  console.log("tried");
  return line().pipe;
}

/** One whose factory resolves never, without blocking. */
export function endlessFactory(): Promise<Pipeline> {
  console.log(`process ${Deno.pid}`);
  return new Promise(() => setInterval(() => {}, 1000));
}

/** One whose factory never returns. */
export function stuck(): Pipeline {
  console.log(`process ${Deno.pid}`);
  for (;;);
}
