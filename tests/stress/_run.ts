/** Runs a planned pipeline, and checks how it has ended. */

import { Pipeline, TaskError, type TaskFunction } from "@ringmill/ringmill";
import type { Ending, PipelinePlan } from "./_plan.ts";
import { type Counts, countsOf, newTally } from "./_tally.ts";
import * as tasks from "./_tasks.ts";

/** Far longer than a task takes to notice the stop, on however busy a machine. */
const GRACE_MS = 30_000;

/** What came of a pipeline. */
export interface Result extends Counts {
  readonly ending: Ending;
  readonly tasks: number;
}

/** A pipeline with what its tasks count. */
interface Built {
  readonly pipe: Pipeline;
  readonly counts: () => Counts;
}

/** Whether it is stopped or closed, and would go on for ever otherwise. */
function isEarly({ ending }: PipelinePlan): boolean {
  return ending === "stop" || ending === "close";
}

/** Declares what is planned. */
function build(plan: PipelinePlan): Built {
  const pipe = new Pipeline(plan.name, new URL("./_tasks.ts", import.meta.url), { graceMs: GRACE_MS });
  const { crash, ending } = plan;
  const count = isEarly(plan) ? Infinity : plan.count;
  const activations = newTally();
  const tallies = [activations];
  let position = 0;
  const add = (name: string, fn: unknown, bindings: object, params: object) => {
    const own = newTally();
    tallies.push(own);
    const crashAt = ending === "crash" && position++ === crash.task ? crash.frame : 0;
    // Every frame of the plan is written, also those that nobody reads any more.
    const onAbandoned = "continue";
    pipe.addTask(name, {
      fn: fn as TaskFunction,
      ...bindings,
      onAbandoned,
      params: { ...params, tally: own, crashAt },
    });
  };
  const handles = plan.streams.map(({ first: _, readers: __, ...options }, level) =>
    pipe.addStream(`stream ${level}`, options)
  );
  const numbering = (level: number) => ({ first: plan.streams[level].first, count });
  add("source", plan.source.isAsync ? tasks.sourceAsync : tasks.source, { writes: { out: handles[0] } }, {
    ...plan.source,
    out: numbering(0),
  });
  for (const [level, relay] of plan.relays.entries()) {
    const bindings = { reads: { in: handles[level] }, writes: { out: handles[level + 1] } };
    add(`relay ${level}`, tasks.relay, bindings, { ...relay, in: numbering(level), out: numbering(level + 1) });
  }
  for (const [level, { readers }] of plan.streams.entries()) {
    for (const [index, reader] of readers.entries()) {
      const fn = reader.isAsync && reader.mode === "blocking" ? tasks.sinkAsync : tasks.sink;
      add(`sink ${level}.${index}`, fn, { reads: { in: handles[level] } }, { ...reader, in: numbering(level) });
    }
  }
  if (plan.signals > 0) {
    const go = pipe.addEvent("go");
    add("signaler", tasks.signaler, { events: { go } }, { seed: 0, burst: 0, signals: plan.signals });
    const options = { events: { go }, params: { seed: 0, burst: 0, crashAt: 0, tally: activations } };
    if (plan.isToggled) pipe.addTask.toggleable("taken", { fn: tasks.taken, activateOn: "go", ...options });
    else pipe.addTask("taker", { fn: tasks.taker, ...options });
  }
  const counts = () =>
    tallies.map(countsOf).reduce((sum, each) => ({
      frames: sum.frames + each.frames,
      bytes: sum.bytes + each.bytes,
      lost: sum.lost + each.lost,
      activations: sum.activations + each.activations,
    }));
  return { pipe, counts };
}

/** Lets a pipeline come to its planned end, or to its own before that. Returns how it has ended. */
async function end(pipe: Pipeline, plan: PipelinePlan): Promise<Ending> {
  await pipe.start();
  if (await pipe.join({ timeoutMs: isEarly(plan) ? plan.endsAfterMs : Infinity })) return "end";
  if (plan.ending === "close") {
    await pipe.close();
  } else {
    pipe.stop();
    await pipe.join();
  }
  return plan.ending;
}

function isPlanned(error: unknown, { ending }: PipelinePlan): boolean {
  return ending === "crash" && error instanceof TaskError && error.others.length === 0 &&
    error.cause instanceof Error && error.cause.message === tasks.CRASH;
}

/** Frames that must have been read, and activations taken, where a pipeline came to its own end. */
function expected({ count, relays, streams, signals }: PipelinePlan): { frames: number; activations: number } {
  const sinks = streams.flatMap(({ readers }) => readers).filter(({ mode }) => mode === "blocking");
  return { frames: count * (relays.length + sinks.length), activations: signals };
}

/**
 * Runs what is planned.
 *
 * @throws {Error} If anything is not as it must be.
 */
export async function runPlan(plan: PipelinePlan): Promise<Result> {
  const { pipe, counts } = build(plan);
  let ending: Ending;
  try {
    ending = await end(pipe, plan);
  } catch (error) {
    if (!isPlanned(error, plan)) throw new Error(`"${plan.name}" failed: ${error}`, { cause: error });
    ending = "crash";
  } finally {
    await pipe.close();
  }
  const found = counts();
  const { frames, activations } = expected(plan);
  if (ending === "end" && (found.frames < frames || found.activations !== activations)) {
    const missing = `${found.frames} frames of ${frames} or more, ${found.activations} activations of ${activations}`;
    throw new Error(`"${plan.name}" has ended without a failure, but with ${missing}`);
  }
  return { ...found, ending, tasks: pipe.tasks.size };
}
