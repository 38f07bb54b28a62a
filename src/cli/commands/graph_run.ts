/** `ringmill run`, of graphs of async nodes: one execution. */

import { Graph } from "../../graph/graph.ts";
import type { GraphNode } from "../../graph/node.ts";
import type { ExecuteOptions } from "../../graph/execute_options.ts";
import type { RunInterruptedError } from "../../graph/run_errors.ts";
import { SqliteStore } from "../../graph/stores/sqlite_store.ts";
import { suggest } from "../../suggest.ts";
import { STDERR, STDOUT } from "../../terminal.ts";
import { naming, STATUS, UsageError } from "../program/exit_status.ts";
import { Interruption } from "../program/interruption.ts";
import { toJson } from "./value_text.ts";

/** Options of the command that are about graphs. */
export interface GraphRunCommandOptions {
  /** What goes in, as JSON; `-` reads it from the standard input. */
  readonly input?: string;
  /** The node whose output is printed, instead of those of all nodes. */
  readonly output?: string;
  /** The name of a run that is kept. */
  readonly runId?: string;
  /** The SQLite file that it is kept in, unless the graph says where. */
  readonly checkpoint?: string;
  /** What a node is answered that has stopped the run, as JSON. */
  readonly answer?: string;
  /** Which node, if several wait. */
  readonly node?: string;
  readonly allowChanged?: boolean;
}

/** What else a graph may be run with. */
export interface GraphRunOptions extends GraphRunCommandOptions {
  readonly quiet?: boolean;
  /** The port of the live page, which is not served without; 0 for any that is free. */
  readonly dashboard?: number;
  /** Milliseconds from one look to the next. */
  readonly interval?: number;
}

/** Whether a value is a graph, also one of another copy of this package, which a module may import. */
export function isGraph(value: unknown): value is Graph {
  return value instanceof Graph ||
    typeof value === "object" && value !== null && value.constructor?.name === "Graph" && "startNodes" in value &&
      "execute" in value;
}

/** Executes a graph once, and prints the outputs as JSON. The standard output has nothing else. */
export async function runGraph(loaded: Graph, options: GraphRunOptions): Promise<number> {
  await using graph = loaded;
  const { answer, runId } = options;
  refuseIdle(options);
  const path = options.checkpoint;
  using checkpoint = path === undefined ? undefined : naming(() => new SqliteStore({ path }));
  if (runId !== undefined && !checkpoint) await expectStore(graph, runId);
  const stop = new AbortController();
  using interruption = new Interruption(() => {
    if (!options.quiet) STDERR.print("Stopping; Ctrl-C again ends the program at once");
    stop.abort(new Error("it was stopped"));
  });
  const output = outputOf(graph, options.output);
  if (options.dashboard !== undefined) {
    const { url } = await graph.serveDashboard({ port: options.dashboard, intervalMs: options.interval });
    STDERR.print(`Dashboard: ${url}`);
  }
  const { allowChanged } = options;
  const executeOptions = { signal: stop.signal, output, checkpoint, allowChanged } as ExecuteOptions;
  const execute = async () =>
    answer === undefined
      ? await graph.execute(await inputOf(options.input), { ...executeOptions, runId })
      : await graph.resume(runId!, parse("--answer", answer), { ...executeOptions, node: options.node });
  try {
    STDOUT.print(toJson(await execute()).trimEnd());
  } catch (error) {
    if (interruption.status === undefined) {
      // A node's own error hardly says so.
      if (isNodeError(error) && options.input === undefined && answer === undefined) STDERR.print(WITHOUT_INPUT);
      return explainStop(error);
    }
  }
  return interruption.status ?? STATUS.ended;
}

const WITHOUT_INPUT = "The graph was executed without --input: its input was undefined";

/** Also one of another copy of this package. */
function isNodeError(error: unknown): boolean {
  return error instanceof Error && error.name === "NodeError";
}

/** Options that do nothing without others, or with them, are refused. */
function refuseIdle(options: GraphRunOptions): void {
  const { answer, runId, node, input, checkpoint, allowChanged, interval, dashboard } = options;
  if (answer !== undefined && runId === undefined) throw new UsageError("Cannot answer a run: --answer needs --run-id");
  if (node !== undefined && answer === undefined) throw new UsageError("Cannot answer: --node needs --answer");
  if (input !== undefined && answer !== undefined) {
    throw new UsageError("Cannot answer: a run that is answered has its input, without --input");
  }
  if (checkpoint !== undefined && runId === undefined) {
    throw new UsageError("Cannot keep a run: --checkpoint needs --run-id");
  }
  if (allowChanged && runId === undefined) {
    throw new UsageError("Cannot go on with a run: --allow-changed needs --run-id");
  }
  if (interval !== undefined && dashboard === undefined) {
    throw new UsageError("Cannot look at a graph: --interval needs --dashboard");
  }
}

/** Refuses to keep a run of a graph that does not say where. */
async function expectStore(graph: Graph, runId: string): Promise<void> {
  try {
    await graph.keptRun(runId);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(`Cannot keep run "${runId}" of graph "${graph.name}": --run-id needs --checkpoint`);
  }
}

/** A run that waits for an answer has not failed: it says what it asks. */
function explainStop(error: unknown): number {
  if (!(error instanceof Error) || error.name !== "RunInterruptedError") throw error;
  const { runId, interrupts } = error as RunInterruptedError;
  STDOUT.print(toJson({ runId, interrupts }).trimEnd());
  return STATUS.waiting;
}

function outputOf(graph: Graph, name: string | undefined): GraphNode | undefined {
  if (name === undefined) return undefined;
  const found = graph.nodes.get(name);
  if (found) return found;
  throw new UsageError(
    `Cannot run graph "${graph.name}": there is no node "${name}"${suggest(name, graph.nodes.keys())}`,
  );
}

async function inputOf(text: string | undefined): Promise<unknown> {
  if (text === undefined) return undefined;
  return parse("--input", text === "-" ? await new Response(Deno.stdin.readable).text() : text);
}

function parse(option: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `Cannot take ${option}: expected JSON, received ${Deno.inspect(text)}: ${(error as Error).message}`,
    );
  }
}
