/** `ringmill check` */

import { type Crossing, cutPipeline, machinesOf, tasksOf } from "../../pipeline/machines.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { Graph } from "../../graph/graph.ts";
import { isGraph } from "./graph_run.ts";
import { STATUS } from "../program/exit_status.ts";
import { Interruption } from "../program/interruption.ts";
import { isPipeline, type Kind, load, type LoadOptions } from "../program/load_pipeline.ts";
import { compileLoaded } from "../program/loading.ts";
import { STDOUT } from "../../terminal.ts";

/** What can be checked. */
const CHECKED: Kind<Pipeline | Graph> = {
  name: "pipeline or graph",
  includes: (value) => isPipeline(value) || isGraph(value),
};

const count = (many: number, what: string) => `${many} ${what}${many === 1 ? "" : "s"}`;

/** The machines that the tasks name, and what crosses between them; nothing where they name none. */
function describeCut(pipe: Pipeline): string[] {
  const { name, streams, events, tasks, opened } = pipe;
  const declaration = { name, streams, events, tasks, opened };
  // A stand-in: the real transport is given when the pipeline runs.
  const transport = { connect: () => {} };
  const cuts = machinesOf(tasks).map((machine) => cutPipeline(declaration, { machine, transport }));
  return [
    ...cuts.map(({ machine }) => `machine ${machine}: ${Array.from(tasksOf(tasks, machine).keys()).join(", ")}`),
    ...cuts.flatMap(({ machine, crossings }) => crossings.filter(({ from }) => from === machine).map(crossingText)),
  ];
}

function crossingText({ stream, from, to, latest }: Crossing): string {
  const readers = [...to, ...latest.map((machine) => `${machine} (the newest frame only)`)];
  return `stream ${stream.name}: ${from} -> ${readers.join(", ")}`;
}

async function checkGraph(loaded: Graph): Promise<number> {
  await using graph = loaded;
  graph.compile();
  const parts = [count(graph.nodes.size, "node"), count(graph.edges.length, "connection")];
  STDOUT.print(`${graph.name}: ${parts.join(", ")}, ready to run`);
  return STATUS.ended;
}

/** Compiles a pipeline: its modules are imported and its functions found, but no task runs. */
export async function check(target: string, options: LoadOptions): Promise<number> {
  const loaded = await load(target, options, CHECKED);
  if (isGraph(loaded)) return await checkGraph(loaded);
  await using pipe = loaded;
  using interruption = new Interruption(() => pipe.stop());
  await compileLoaded(pipe, target);
  const { tasks, streams, events } = pipe;
  const parts = [count(tasks.size, "task"), count(streams.size, "stream"), count(events.size, "event")];
  STDOUT.print(`${pipe.name}: ${parts.join(", ")}, ready to run`);
  for (const line of describeCut(pipe)) STDOUT.print(line);
  return interruption.status ?? STATUS.ended;
}
