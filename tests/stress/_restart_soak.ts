/** Lines whose tasks crash and are started again, for minutes: every frame is checked, and each that is doubled accounted for. */

import { Pipeline, type TaskFunction, type TaskRestart } from "@ringmill/ringmill";
import { Random } from "../ring/_helpers.ts";
import * as tasks from "./_restart_tasks.ts";

export interface RestartSoakOptions {
  seed: number;
  /** Frames that sinks must have received before it ends. */
  frames: number;
  /** Minutes after which it ends in any case. */
  minutes: number;
  /** Frames of one line. */
  perLine: number;
  /** Crashes of each task of a line, about. */
  crashes: number;
  /** Told after each line. */
  progress?: (report: RestartSoakReport) => void;
}

/** What has come of it so far. */
export interface RestartSoakReport {
  frames: number;
  lines: number;
  crashes: number;
  /** Frames that came more than once, each for a crash between its write and its consumption. */
  doubled: number;
  /** Frames that a task could not bear, which were skipped or became dead letters. */
  leftOut: number;
  seconds: number;
}

const TASKS = new URL("./_restart_tasks.ts", import.meta.url);
/** Those that lose and double nothing, whenever they crash. */
const EXACT = ["byMapFrames", "byMapFramesAsync"] as const;
/** Those that may double. */
const BY_HAND = ["byHand", "byLoop", "byMany"] as const;

/** A line that is planned and declared. */
interface Line {
  readonly pipe: Pipeline;
  readonly accounts: ReadonlyMap<string, Float64Array>;
  /** Those whose task must not double anything. */
  readonly exact: readonly string[];
  /** Every so many frames, the first stage fails for good on one. */
  readonly poison: number;
}

function plan(random: Random, { perLine, crashes }: RestartSoakOptions, index: number): Line {
  const pipe = new Pipeline(`restarts ${index}`, TASKS);
  const poison = random.below(3) === 0 ? Math.ceil(perLine / crashes) : 0;
  const restart: TaskRestart = { limit: Infinity, backoffMs: 0 };
  const accounts = new Map<string, Float64Array>();
  const exact: string[] = [];
  const streams = Array.from({ length: 2 + random.below(3) }, (_, level) =>
    pipe.addStream(`stream ${level}`, {
      shape: [2],
      dtype: "float64",
      frames: random.pick([16, 32, 256, 1024]),
      wait: random.pick(["adaptive", "park"] as const),
    }));
  const add = (name: string, fn: unknown, bindings: object, others: Partial<tasks.FateParams> = {}) => {
    const account = tasks.newAccount();
    accounts.set(name, new Float64Array(account));
    const gap = Math.ceil(perLine / crashes);
    const params = { seed: random.below(2 ** 31), gap, account, poison: 0, frames: perLine, ...others };
    const onFailedFrame = others.poison && name === "stage 0"
      ? { attempts: 2, then: random.pick(["skip", "deadLetters"] as const) }
      : "retry";
    const all = { ...bindings, params, state: tasks.FATE_STATE, restart: { ...restart, onFailedFrame } };
    pipe.addTask(name, { fn: fn as TaskFunction, ...all } as never);
  };
  // Of a frame that came twice each would be left out.
  add("source", tasks.source, { writes: { out: streams[0] } }, poison > 0 ? { gap: Infinity } : {});
  for (const [level, stream] of streams.slice(1).entries()) {
    const isPoisoned = poison > 0 && level === 0;
    const kind = isPoisoned ? "byMapFrames" : random.pick([...EXACT, ...BY_HAND]);
    const name = `stage ${level}`;
    if ((EXACT as readonly string[]).includes(kind)) exact.push(name);
    const bindings = { reads: { in: streams[level] }, writes: { out: stream } };
    add(name, tasks[kind], bindings, isPoisoned ? { poison, gap: Infinity } : {});
  }
  add("sink", tasks.sink, { reads: { in: streams.at(-1)! } }, { poison });
  return { pipe, accounts, exact, poison };
}

/** Runs a line and checks it. */
async function runLine({ pipe, accounts, exact, poison }: Line, perLine: number) {
  await using _pipe = pipe;
  await pipe.compile();
  pipe.startMonitor({ intervalMs: 1000 });
  const letters = Array.fromAsync(pipe.deadLetters);
  await pipe.run();
  const sum = (figure: keyof typeof tasks.ACCOUNT, names: Iterable<string> = accounts.keys()) =>
    Array.from(names, (name) => accounts.get(name)![tasks.ACCOUNT[figure]]).reduce((all, one) => all + one, 0);
  const { skippedFrames, deadLetters } = pipe.metrics("stage 0");
  const leftOut = poison > 0 ? Math.floor(perLine / poison) : 0;
  const found = {
    wrong: sum("wrong"),
    doubledByExact: sum("doubled", exact),
    frames: sum("received") - sum("repeated"),
    repeated: sum("repeated"),
    leftOut: skippedFrames + deadLetters,
    letters: (await letters).length,
    restarts: Array.from(accounts.keys(), (name) => pipe.metrics(name).restarts).reduce((all, one) => all + one, 0),
  };
  const expected = {
    wrong: 0,
    doubledByExact: 0,
    frames: perLine - leftOut,
    repeated: sum("doubled"),
    leftOut,
    letters: deadLetters,
    restarts: sum("crashes"),
  };
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    const [what, wanted] = [found, expected].map((one) => JSON.stringify(one));
    throw new Error(`"${pipe.name}" (${[...accounts.keys()].join(", ")}) came to ${what}, expected ${wanted}`);
  }
  return { received: sum("received"), crashes: found.restarts, doubled: found.repeated, leftOut };
}

/**
 * Soaks.
 *
 * @throws {Error} If a frame is missing, comes again without a reason, or is torn.
 */
export async function soakRestarts(options: RestartSoakOptions): Promise<RestartSoakReport> {
  const began = performance.now();
  const { seed, frames, minutes, perLine } = options;
  const random = new Random(seed);
  const report: RestartSoakReport = { frames: 0, lines: 0, crashes: 0, doubled: 0, leftOut: 0, seconds: 0 };
  while (report.frames < frames && report.seconds < minutes * 60) {
    const { received, crashes, doubled, leftOut } = await runLine(plan(random, options, report.lines), perLine);
    report.frames += received;
    report.lines++;
    report.crashes += crashes;
    report.doubled += doubled;
    report.leftOut += leftOut;
    report.seconds = (performance.now() - began) / 1000;
    options.progress?.(report);
  }
  return report;
}
