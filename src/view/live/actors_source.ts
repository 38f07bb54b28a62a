/** The kernels of a runtime, as something that a dashboard can show. */

import type { KernelError } from "../../actors/errors.ts";
import type { RingKernelRuntime } from "../../actors/runtime.ts";
import { now } from "../../ring/clock.ts";
import { Latest } from "../../worker/latest.ts";
import { cut, detailsOf } from "../../safe_text.ts";
import { formatBytes, formatClock, formatCount } from "../../units.ts";
import { groupIds, groupKernels } from "../describe/kernel_groups.ts";
import { describeForPage, kernelFigure, statusOf } from "../describe/describe_actors.ts";
import type { Figure, Figures, ViewDescription } from "../description.ts";
import { ActorsSampler, type ActorsSnapshot, type KernelSample } from "./actors_snapshot.ts";
import { actorsTables } from "./actors_tables.ts";
import type { LiveSource } from "./source.ts";
import type { LiveFact, LiveFailure, LiveState, LiveUpdate } from "./update.ts";

/** Failures that are told, at most: kernels may fail for ever. */
const MOST_FAILURES = 100;

/** As long as figures can get. */
const WIDEST: Figure = {
  status: "deactivated",
  lines: ["888 k messages/s", "88.8 k errors"],
  load: 1,
  loadName: "full",
};

/** A runtime. */
export class ActorsSource implements LiveSource<ActorsSnapshot> {
  readonly #run: string = crypto.randomUUID();
  readonly #runtime: RingKernelRuntime;
  readonly #intervalMs: number;
  readonly #sampler: ActorsSampler;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #failures: LiveFailure[] = [];
  /** Failures that were noted. Kernels may be forgotten, and are not kept for these. */
  readonly #noted = new WeakSet<KernelError>();
  #description!: ViewDescription;
  #drawing = -1;
  readonly #latest: Latest<LiveUpdate<ActorsSnapshot>>;
  #isClosed = false;

  /** Looks at it from now on. */
  constructor(runtime: RingKernelRuntime, intervalMs: number) {
    this.#runtime = runtime;
    this.#intervalMs = intervalMs;
    this.#sampler = new ActorsSampler(runtime);
    this.#latest = new Latest(this.#look());
    this.#timer = setInterval(() => this.#turn(), intervalMs);
    Deno.unrefTimer(this.#timer);
  }

  /** A description of the kernels and links that were known at the last look. */
  get description(): ViewDescription {
    return this.#description;
  }

  get widest(): Figures {
    const kernels = this.#description.nodes.filter(({ kind }) => kind === "task");
    return { nodes: Object.fromEntries(kernels.map(({ id }) => [id, WIDEST])) };
  }

  updates(): AsyncGenerator<LiveUpdate<ActorsSnapshot>, void> {
    return this.#latest.follow();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#turn();
  }

  #turn(): void {
    this.#latest.replace(this.#look(), this.#isClosed);
  }

  #look(): LiveUpdate<ActorsSnapshot> {
    this.#describe();
    this.#noteFailures();
    return this.#update(this.#sampler.take());
  }

  /** Drawn again only where something else than a status has changed: figures have those. */
  #describe(): void {
    const { nodes, ...rest } = describeForPage(this.#runtime);
    const description = { ...rest, nodes: nodes.map(({ status: _, ...node }) => node) };
    if (this.#description && JSON.stringify(description) === JSON.stringify(this.#description)) return;
    this.#description = description;
    this.#drawing++;
  }

  #noteFailures(): void {
    const groups = groupKernels(this.#runtime);
    const ids = groups && groupIds(groups);
    for (const [id, { lastError }] of Object.entries(this.#runtime.getAllTelemetry())) {
      if (!lastError || this.#noted.has(lastError)) continue;
      this.#noted.add(lastError);
      if (this.#failures.length === MOST_FAILURES) continue;
      const { reason, cause } = lastError;
      this.#failures.push({
        node: `kernel:${ids?.get(id) ?? id}`,
        title: id,
        reason: cut(reason),
        details: detailsOf(cause),
      });
    }
  }

  #update(snapshot: ActorsSnapshot): LiveUpdate<ActorsSnapshot> {
    const kernels = Object.values(snapshot.kernels);
    const figureOf = (kernel: KernelSample) => kernelFigure(kernel, kernel.messagesPerSecond);
    const figures = kernels.map((kernel) => [`kernel:${kernel.kernelId}`, figureOf(kernel)]);
    return {
      run: this.#run,
      title: this.#description.title,
      state: stateOf(snapshot, this.#runtime.isOpen),
      isFinal: this.#isClosed && !this.#runtime.isOpen,
      sampledAt: snapshot.sampledAt,
      clockMs: now(),
      intervalMs: this.#intervalMs,
      failures: [...this.#failures],
      facts: factsOf(snapshot),
      drawing: this.#drawing,
      figures: { nodes: Object.fromEntries(figures) },
      tables: actorsTables(snapshot),
      snapshot,
    };
  }
}

/** A failure that has ended a kernel stays in sight until another one of its id is launched. */
function stateOf({ kernels }: ActorsSnapshot, isOpen: boolean): LiveState {
  const all = Object.values(kernels);
  if (all.some((kernel) => statusOf(kernel) === "failed")) return "failed";
  if (!isOpen) return "ended";
  return all.every(({ state }) => state === "created" || state === "launched") ? "waiting" : "running";
}

function factsOf({ kernels, summary }: ActorsSnapshot): LiveFact[] {
  const rate = Object.values(kernels).reduce((sum, { messagesPerSecond }) => sum + messagesPerSecond, 0);
  return [
    { title: "Time", text: formatClock(summary.uptimeMs) },
    { title: "Active", text: `${summary.kernels.active} of ${countOf(summary)} kernels` },
    { title: "Messages", text: formatCount(rate, "/s") },
    { title: "Memory", text: formatBytes(Deno.memoryUsage().rss) },
    { title: "Process", text: `${Deno.pid}` },
    ...summary.cycles.slice(0, 1).map((circle) => ({ title: "Circle", text: [...circle, circle[0]].join(" → ") })),
  ];
}

/** How many kernels there are, whatever their state. */
function countOf({ kernels }: ActorsSnapshot["summary"]): number {
  return Object.values(kernels).reduce((sum, count) => sum + count, 0);
}
