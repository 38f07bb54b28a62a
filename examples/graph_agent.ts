/**
 * An agent that answers a customer: it asks a model what to do, calls tools until it knows enough, drafts an answer token by
 * token, has a person approve it, and sends it. Its run is kept: the first program is killed in the middle, the second one
 * goes on where that was and stops for the approval, the third one has the person's answer. The model is a function in this
 * program, which is busy now and then.
 *
 *     deno run -A examples/graph_agent.ts
 */

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CachedNode,
  Graph,
  Limiter,
  LoopNode,
  Node,
  RouterNode,
  RunInterruptedError,
  SqliteStore,
  StreamingNode,
} from "@ringmill/ringmill/graph";

/** What is known of a customer's case. */
interface Case {
  readonly question: string;
  readonly facts: readonly string[];
  readonly next: "look" | "enough";
}

const FACTS = ["order 17: a lamp for 40", "the parcel was lost"];
let calls = 0;

/** A model that yields tokens, and is busy at its first call: it says for how long. */
async function* model(prompt: string, signal: AbortSignal): AsyncGenerator<string> {
  if (calls++ === 0) throw Object.assign(new Error("429"), { headers: { "retry-after": "0.02" } });
  for (const word of prompt.split(" ")) yield await sleep(1, `${word} `, { signal });
}

async function complete(prompt: string, signal: AbortSignal): Promise<string> {
  return (await Array.fromAsync(model(prompt, signal))).join("").trim();
}

/** All that an agent needs. What is kept, runs and cached answers, lies in one file. */
function makeAgent(path: string, diesAt: number) {
  const store = new SqliteStore({ path });
  const limiter = new Limiter({ concurrency: 4, rate: { limit: 100, intervalMs: 1000 }, maxQueued: 1000 });
  const asking = { limiter, timeoutMs: 5000, retry: { attempts: 3, delayMs: 10 } };

  const clean = new CachedNode("clean", async (question: string, { signal }): Promise<Case> => {
    return { question: await complete(question.trim(), signal), facts: [], next: "look" };
  }, { ...asking, store });

  const look = new Node("look", ({ question, facts }: Case): Case => {
    if (facts.length === diesAt) Deno.kill(Deno.pid, "SIGKILL");
    console.log(`looks up: ${FACTS[facts.length]}`);
    return { question, facts: [...facts, FACTS[facts.length]], next: "look" };
  });
  const think = new Node("think", async (known: Case, { signal }): Promise<Case> => {
    await complete(`${known.question} ${known.facts.join(" ")}`, signal);
    return { ...known, next: known.facts.length < FACTS.length ? "look" : "enough" };
  }, asking);
  // Look, then think about it, and again.
  const turn = new RouterNode(
    "turn",
    ({ facts, next }: Case) => next === "look" && facts.length < 2 ? "look" : "think",
    {
      exits: { look, think },
    },
  );
  const research = new LoopNode("research", turn, { until: ({ next }) => next === "enough", maxRounds: 8 });

  const draft = new StreamingNode(
    "draft",
    (known: Case, { signal }) => model(`We refund 40: ${known.facts.at(-1)}`, signal),
    {
      ...asking,
      collect: (tokens) => tokens.join("").trim(),
    },
  );
  const approve = new Node("approve", (text: string, { interrupt }) => {
    return { text, isApproved: interrupt<boolean>(`Send "${text}"?`) };
  });
  const send = new Node(
    "send",
    ({ text, isApproved }: { text: string; isApproved: boolean }, { idempotencyKey }) =>
      isApproved ? `sent once, as ${idempotencyKey}: ${text}` : "not sent",
  );

  clean.connect(research).connect(draft).connect(approve).connect(send);
  const nodes = [clean, research, draft, approve, send];
  return { graph: new Graph("support", { nodes, start: clean, checkpoint: store }), store, draft, send };
}

/** One program: begins the run or goes on with it, until it ends, stops or dies. */
async function work(path: string, part: string): Promise<void> {
  const { graph, store, draft, send } = makeAgent(path, part === "die" ? 1 : -1);
  using _store = store;
  await using _graph = graph;
  if (part === "approve") return console.log(await graph.resume("ticket 17", true, { output: send }));
  const run = graph.start(" Where is my lamp? ", { runId: "ticket 17" });
  const printing = (async () => {
    let text = "";
    // The chunks of an attempt that was busy do not count.
    for await (const item of run.chunks(draft)) text = item.kind === "chunk" ? text + item.chunk : "";
    console.log(`drafts: ${text.trim()}`);
  })();
  try {
    await run.results;
  } catch (error) {
    if (!(error instanceof RunInterruptedError)) throw error;
    await printing;
    console.log(`was done before: ${run.restored.join(", ")}`);
    console.log(`asks: ${error.interrupts[0].value}`);
  }
}

/** Runs a part in a program of its own. */
async function runPart(path: string, part: string): Promise<void> {
  const args = ["run", "-A", "--quiet", import.meta.filename!, path, part];
  const { signal } = await new Deno.Command(Deno.execPath(), { args, stdout: "inherit", stderr: "inherit" }).output();
  if (signal) console.log(`the program was ended by ${signal}`);
}

if (Deno.args.length === 2) {
  const [path, part] = Deno.args;
  await work(path, part);
} else {
  const folder = await Deno.makeTempDir();
  for (const part of ["die", "go on", "approve"]) await runPart(join(folder, "agent.db"), part);
  await Deno.remove(folder, { recursive: true });
}
