/** A program with a run that is kept. Arguments: the store's file, the step at which it kills itself, or "none". */

import { appendFileSync } from "node:fs";
import { Graph, LoopNode, Node, RouterNode, RunBusyError, SqliteStore } from "@ringmill/ringmill/graph";

interface State {
  readonly count: number;
  readonly log: readonly string[];
}

/** The graph of the program. Each call of a function writes a line. */
export function keptGraph(path: string, killAt: string) {
  const called = (name: string) => {
    appendFileSync(`${path}.calls`, `${name}\n`);
    if (name === killAt) Deno.kill(Deno.pid, "SIGKILL");
  };
  const load = new Node("load", (count: number): State => {
    called("load");
    return { count, log: [] };
  });
  const work = (name: string) =>
    new Node(name, async (state: State): Promise<State> => {
      called(`${name} ${state.count}`);
      await Promise.resolve();
      return { count: state.count + 1, log: [...state.log, name] };
    });
  const step = new RouterNode("step", ({ count }: State) => {
    called(`choose ${count}`);
    return count % 2 === 0 ? "even" : "odd";
  }, { exits: { even: work("even"), odd: work("odd") } });
  const loop = new LoopNode("loop", step, {
    until: ({ count }) => {
      called(`until ${count}`);
      return count >= 4;
    },
  });
  const end = new Node("end", ({ count, log }: State) => {
    called("end");
    return `${count}: ${log.join(" ")}`;
  });
  load.connect(loop).connect(end);
  const checkpoint = new SqliteStore({ path });
  return { graph: new Graph("kept", { nodes: [load, loop, end], start: load, checkpoint }), end, checkpoint };
}

if (import.meta.main) {
  const [path, killAt] = Deno.args;
  const { graph, end, checkpoint } = keptGraph(path, killAt);
  using _store = checkpoint;
  await using _graph = graph;
  if (killAt === "hold") {
    const claim = await checkpoint.claimRun("kept", "one", { header: new Uint8Array(), maxAgeMs: Infinity });
    console.log("held");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    await claim?.release();
  }
  try {
    const run = graph.start(0, { runId: "one" });
    const { end: text } = await run.results;
    console.log(JSON.stringify({ text, restored: run.restored, status: run.status[end.name] }));
  } catch (error) {
    if (!(error instanceof RunBusyError)) throw error;
    console.log(error.message);
  }
}
