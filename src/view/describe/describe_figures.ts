/** Figures for the drawing of a pipeline. */

import type { Snapshot, StreamMetrics, TaskMetrics } from "../../manager/metrics.ts";
import type { Figure, Figures } from "../description.ts";
import { formatCount } from "../../units.ts";

/**
 * What a snapshot of a pipeline says about the nodes of its description: what each task does and how busy its core is, how
 * full each stream is and how much goes through it.
 *
 * @example
 * ```ts
 * import { Pipeline } from "@ringmill/ringmill";
 * import { describeFigures, describePipeline, drawText } from "@ringmill/ringmill/view";
 * import { match } from "node:assert/strict";
 *
 * await using pipe = new Pipeline("loop");
 * const samples = pipe.addStream("samples", { shape: [4], dtype: "float32", frames: 2 });
 * const writer = pipe.openWriter(samples);
 * const reader = pipe.openReader(samples);
 * await pipe.start();
 * writer.write(Float32Array.of(1, 2, 3, 4));
 * for await (const snapshot of pipe.watch()) {
 *   match(await drawText(describePipeline(pipe), { figures: describeFigures(snapshot) }), /full 50 %/);
 *   break;
 * }
 * reader.close();
 * ```
 */
export function describeFigures({ tasks, streams }: Snapshot): Figures {
  const nodes = [
    ...Object.values(tasks).map((task) => [`task:${task.name}`, taskFigure(task)]),
    ...Object.values(streams).map((stream) => [`stream:${stream.name}`, streamFigure(stream)]),
  ];
  return { nodes: Object.fromEntries(nodes) };
}

function taskFigure({ state, waitingFor, cpuPercent }: TaskMetrics): Figure {
  const reason = state === "waiting" && waitingFor
    ? [`for ${waitingFor.what}${waitingFor.name ? `: ${waitingFor.name}` : ""}`]
    : [];
  return { status: state, lines: reason, load: share(cpuPercent), loadName: "CPU" };
}

/** Figures of a stream: how much goes through it, and how full it is. */
export function streamFigure({ framesPerSecond, bytesPerSecond, pressurePercent }: StreamMetrics): Figure {
  const rates = `${formatCount(framesPerSecond)} frames/s, ${formatCount(bytesPerSecond, "B/s")}`;
  return { lines: [rates], load: share(pressurePercent), loadName: "full" };
}

/** A percentage as a share. Clocks are not exact: a thread may seem to use more than a core. */
export function share<Percent extends number | null>(percent: Percent): Percent {
  return (percent === null ? null : Math.min(1, Math.max(0, percent / 100))) as Percent;
}
