/**
 * Drawings of pipelines, and of whatever else is nodes and edges: as text for a terminal, as Mermaid, as SVG, and live in a
 * browser.
 *
 * @example
 * ```ts
 * import { Pipeline } from "@ringmill/ringmill";
 * import { describePipeline, drawText } from "@ringmill/ringmill/view";
 * import { match } from "node:assert/strict";
 *
 * const pipe = new Pipeline("loop");
 * const samples = pipe.addStream("samples", { shape: [4], dtype: "float32" });
 * pipe.openWriter(samples), pipe.openReader(samples);
 * match(await drawText(describePipeline(pipe)), /float32\[4\], 32 frames/);
 * ```
 *
 * @module
 */

import "../supported_runtime.ts";

export type { Figure, Figures, ViewDescription, ViewEdge, ViewGroup, ViewNode, ViewNodeKind } from "./description.ts";
export { describeActorFigures, describeActors } from "./describe/describe_actors.ts";
export { describeFigures } from "./describe/describe_figures.ts";
export {
  describeGraph,
  describeGraphFigures,
  type DrawableGraph,
  type ExecutedGraph,
} from "./describe/describe_graph.ts";
export { describeLinearPipeline } from "./describe/describe_linear_pipeline.ts";
export { describePipeline } from "./describe/describe_pipeline.ts";
export { drawMermaid, type DrawMermaidOptions } from "./draw/draw_mermaid.ts";
export { drawSvg, type DrawSvgOptions } from "./draw/draw_svg.ts";
export { drawTable, type DrawTableOptions } from "./draw/draw_table.ts";
export { drawText, type DrawTextOptions } from "./draw/draw_text.ts";
export type { Direction } from "./draw/geometry.ts";
export type { Theme } from "./draw/theme.ts";
export { type Dashboard, type DashboardOptions, serveDashboard } from "./live/dashboard.ts";
export { followDashboard, type FollowDashboardOptions } from "./live/follow.ts";
export type { ActorsSnapshot, KernelSample } from "./live/actors_snapshot.ts";
export type { GraphNodeSample, GraphRunSample, GraphSnapshot } from "./live/graph_snapshot.ts";
export type { LiveFrame, LivePart } from "./live/live_frame.ts";
export type { LiveSource } from "./live/source.ts";
export type {
  LiveBar,
  LiveColumn,
  LiveFact,
  LiveFailure,
  LiveRow,
  LiveState,
  LiveTable,
  LiveTimeline,
  LiveUnit,
  LiveUpdate,
} from "./live/update.ts";
