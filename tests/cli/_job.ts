/** A pipeline that does its work when a file is there, and writes another one then. */

import { Pipeline, type TaskContext } from "@ringmill/ringmill";

export async function work(_: unknown, { params: { file } }: TaskContext<{ file?: string }>) {
  if (file === undefined) return;
  while (!await Deno.stat(file).then(() => true, () => false)) await new Promise((resolve) => setTimeout(resolve, 20));
  await Deno.writeTextFile(`${file}.done`, "");
}

export default function job(): Pipeline {
  const pipe = new Pipeline("job", import.meta);
  pipe.addTask("work", { fn: work, params: { file: Deno.env.get("JOB_FILE") } });
  return pipe;
}
