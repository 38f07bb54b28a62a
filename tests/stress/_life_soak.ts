/** Lives of kernels for minutes: launched, paused, asked, made to fail and ended at random, from several sides at a time. */

import { ok } from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import {
  KernelError,
  KernelExistsError,
  KernelNotFoundError,
  KernelStateError,
  QueueTimeoutError,
  RingKernelRuntime,
} from "@ringmill/ringmill/actors";
import { StoppedError } from "@ringmill/ringmill";
import { within } from "../../src/ring/within.ts";
import { Random } from "../ring/_helpers.ts";
import { Ask, givesUp, goesOn, restarts, type Style } from "./_life_kernels.ts";

export interface LifeSoakOptions {
  seed: number;
  /** What is done to kernels before it ends. */
  deeds: number;
  /** Minutes after which it ends in any case. */
  minutes: number;
  /** Told after each runtime. */
  progress?: (report: LifeSoakReport) => void;
}

/** What has come of it so far. */
export interface LifeSoakReport {
  deeds: number;
  /** How often each deed succeeded, or what it was refused with. */
  outcomes: Record<string, number>;
  runtimes: number;
  seconds: number;
}

/** The longest time in which anything may take: none of this is more than a few messages. */
const PATIENCE_MS = 20_000;
const DEEDS_PER_RUNTIME = 80;
const STYLES: readonly Style[] = ["iterates", "polls", "looks first", "asks another"];
/** What is allowed to be refused at a moment that nobody has chosen. */
const REFUSALS = [
  KernelError,
  KernelExistsError,
  KernelNotFoundError,
  KernelStateError,
  QueueTimeoutError,
  StoppedError,
];

/** One runtime. */
interface Scene {
  readonly runtime: RingKernelRuntime;
  readonly ids: readonly string[];
  readonly random: Random;
}

/** Numbers of requests are odd, those of what is only sent are even: an answer in the wrong place is known by that. */
function askFor(random: Random, isRequest: boolean) {
  const number = 2 * random.below(2 ** 30) + (isRequest ? 1 : 0);
  return Ask({ number, throws: random.below(8) === 0, ends: random.below(60) === 0 });
}

const DEEDS: Readonly<Record<string, (scene: Scene, id: string) => Promise<unknown>>> = {
  async launch({ runtime, ids, random }, id) {
    const params = { style: random.pick(STYLES), other: random.pick(ids), seed: random.below(2 ** 31) };
    const worker = random.pick(["dedicated", "shared"] as const);
    await runtime.launch(id, random.pick([goesOn, restarts, givesUp]), { params, worker });
    await runtime.activate(id);
  },
  pause: ({ runtime }, id) => runtime.deactivate(id),
  resume: ({ runtime }, id) => runtime.reactivate(id),
  terminate: ({ runtime }, id) => runtime.terminate(id),
  send: ({ runtime, random }, id) => runtime.send(id, askFor(random, false), { timeoutMs: random.below(20) }),
  async receive({ runtime, random }, id) {
    const { number } = await runtime.receive(id, { timeoutMs: random.below(20) });
    ok(number % 2 === 0, `the answer ${number} to a request came out of the output`);
  },
  drain: ({ runtime, random }, id) => runtime.terminate(id, { drain: true, timeoutMs: random.below(50) }),
  async ask({ runtime, random }, id) {
    const timeoutMs = random.below(3) === 0 ? Infinity : random.below(20);
    const ask = askFor(random, true);
    const { number, correlationId } = await runtime.request(id, ask, { timeoutMs });
    ok(number === ask.number && correlationId === ask.messageId, `asked ${ask.number}, received ${number}`);
  },
  async cancel({ runtime, random }, id) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new StoppedError("given up")), random.below(10));
    const ask = askFor(random, true);
    const { number } = await runtime.request(id, ask, { signal: controller.signal });
    ok(number === ask.number, `asked ${ask.number}, received ${number}`);
  },
};
/** Each as often as it stands here, of all of them. */
const CHOICES = [
  "drain",
  "cancel",
  "launch",
  "launch",
  "pause",
  "resume",
  "resume",
  "terminate",
  "send",
  "send",
  "receive",
]
  .concat(new Array(6).fill("ask"));

function outcomeOf(error: unknown): string {
  const known = REFUSALS.find((Class) => error instanceof Class);
  const isLate = error instanceof KernelError && error.message.includes("ignored its termination");
  if (!known || isLate) throw error;
  return known.name;
}

async function soakOne(random: Random, count: (outcome: string) => void): Promise<number> {
  const ids = Array.from({ length: 1 + random.below(4) }, (_, n) => `kernel ${n}`);
  const done: Promise<unknown>[] = [];
  await using runtime = new RingKernelRuntime({ graceMs: PATIENCE_MS / 2, workers: 1 + random.below(2) });
  const scene = { runtime, ids, random };
  for (const id of ids) await DEEDS.launch(scene, id);
  for (let left = DEEDS_PER_RUNTIME; left > 0; left--) {
    const deed = random.pick(CHOICES);
    const act = async () => await DEEDS[deed](scene, random.pick(ids));
    const outcome = act().then(() => "done", outcomeOf).then((outcome) => count(`${deed}: ${outcome}`));
    // Whatever went wrong is told at the end.
    outcome.catch(() => {});
    done.push(outcome);
    if (random.below(3) > 0) await sleep(random.below(random.pick([3, 3, 30])));
  }
  const all = runtime.shutdown().then(() => Promise.all(done));
  ok(await within(all, PATIENCE_MS), "something was left hanging");
  return DEEDS_PER_RUNTIME;
}

/**
 * Does random things to the kernels of random runtimes.
 *
 * @throws {Error} If a call does not come back, is refused with what it should not be, or a kernel ignores its end.
 */
export async function soakLives(options: LifeSoakOptions): Promise<LifeSoakReport> {
  const random = new Random(options.seed);
  const start = performance.now();
  const report: LifeSoakReport = { deeds: 0, outcomes: {}, runtimes: 0, seconds: 0 };
  const count = (outcome: string) => report.outcomes[outcome] = (report.outcomes[outcome] ?? 0) + 1;
  while (report.deeds < options.deeds && report.seconds < options.minutes * 60) {
    report.deeds += await soakOne(random, count);
    report.runtimes++;
    report.seconds = (performance.now() - start) / 1000;
    options.progress?.(report);
  }
  return report;
}
