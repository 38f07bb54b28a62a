/** The links of a pipeline with programs on other machines: what shows them. */

import type { LinkFiguresNow, LinkMetrics } from "../manager/metrics.ts";
import type { Pipeline } from "./pipeline.ts";

/** An end of a link that a task of the pipeline holds. */
export interface LinkEnd extends Omit<LinkMetrics, keyof LinkFiguresNow> {
  /** Its figures at this moment. */
  read(): LinkFiguresNow;
}

const ends = new WeakMap<Pipeline, LinkEnd[]>();

/** Has an end be shown. */
export function addLinkEnd(pipe: Pipeline, end: LinkEnd): void {
  ends.set(pipe, [...ends.get(pipe) ?? [], end]);
}

/** The ends of links of a pipeline. */
export function linkEnds(pipe: Pipeline): readonly LinkEnd[] {
  return ends.get(pipe) ?? [];
}

/** What is known of them at this moment, by their tasks; `undefined` if there are none. */
export function linkMetrics(pipe: Pipeline): Readonly<Record<string, LinkMetrics>> | undefined {
  const all = linkEnds(pipe);
  if (all.length === 0) return undefined;
  return Object.fromEntries(all.map(({ read, ...end }) => [end.task, { ...end, ...read() }]));
}
