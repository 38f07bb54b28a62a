/** `ringmill check` */

import { STATUS } from "../program/exit_status.ts";
import { Interruption } from "../program/interruption.ts";
import { type LoadOptions, loadPipeline } from "../program/load_pipeline.ts";
import { compileLoaded } from "../program/loading.ts";
import { STDOUT } from "../../terminal.ts";

const count = (many: number, what: string) => `${many} ${what}${many === 1 ? "" : "s"}`;

/** Compiles a pipeline: its modules are imported and its functions found, but no task runs. */
export async function check(target: string, options: LoadOptions): Promise<number> {
  await using pipe = await loadPipeline(target, options);
  using interruption = new Interruption(() => pipe.stop());
  await compileLoaded(pipe, target);
  const { tasks, streams, events } = pipe;
  const parts = [count(tasks.size, "task"), count(streams.size, "stream"), count(events.size, "event")];
  STDOUT.print(`${pipe.name}: ${parts.join(", ")}, ready to run`);
  return interruption.status ?? STATUS.ended;
}
