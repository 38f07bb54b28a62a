/** Pipelines that do their work when a file is there, and write another one then. All the time they print. */

import { LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";
import { Pipeline, type TaskContext } from "@ringmill/ringmill";

export async function work(_: unknown, { params: { file } }: TaskContext<{ file?: string }>) {
  if (file === undefined) return;
  while (!await Deno.stat(file).then(() => true, () => false)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    console.error("at work");
  }
  await Deno.writeTextFile(`${file}.done`, "");
}

export default function job(): Pipeline {
  const pipe = new Pipeline("job", import.meta);
  pipe.addTask("work", { fn: work, params: { file: Deno.env.get("JOB_FILE") } });
  return pipe;
}

/** A task that prints nothing: one that prints waits for a terminal that is not read, as every program does. */
export function silentJob(): Pipeline {
  const pipe = new Pipeline("silent job", import.meta);
  pipe.addTask("work", { fn: workSilently, params: { file: Deno.env.get("JOB_FILE")! } });
  return pipe;
}

export async function workSilently(_: unknown, { params: { file } }: TaskContext<{ file: string }>) {
  await untilThere(file);
  await Deno.writeTextFile(`${file}.done`, "");
}

async function untilThere(file: string): Promise<void> {
  while (!await Deno.stat(file).then(() => true, () => false)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The same in nodes. */
export function linear(): LinearPipeline {
  const node = (name: string, fn: () => unknown) => new LinearNode({ name, fn });
  const last = async () => {
    await new Promise((resolve) => setTimeout(resolve, 200));
    console.warn("at the end");
  };
  return new LinearPipeline({
    name: "job",
    module: import.meta,
    nodes: [node("work", () => work({}, { params: { file: Deno.env.get("JOB_FILE") } } as never)), node("last", last)],
  });
}

/** Nodes that print nothing, and one of a name so long that the line of it soon fills a terminal that is not read. */
export function silent(): LinearPipeline {
  const file = Deno.env.get("JOB_FILE")!;
  const nodes = [
    new LinearNode({ name: "work", fn: () => {} }),
    new LinearNode({ name: "waits ".repeat(150), fn: () => untilThere(file) }),
    new LinearNode({ name: "writes", fn: () => Deno.writeTextFile(`${file}.done`, "") }),
  ];
  return new LinearPipeline({ name: "silent", module: import.meta, nodes });
}
