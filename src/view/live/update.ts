/** What a dashboard sends: all JSON of the live view is typed here. */

import type { Figures, ViewDescription } from "../description.ts";

/** The version of what is sent, and the header that says it. */
export const UPDATE_VERSION = 1;
/** The header of answers that says {@link UPDATE_VERSION}. */
export const UPDATE_VERSION_HEADER = "ringmill-updates";

/** How a run goes on the whole: not started yet, running, over, or with a failure. */
export type LiveState = "waiting" | "running" | "ended" | "failed";

/** What went wrong. */
export interface LiveFailure {
  /** The id of its node in the drawing. */
  readonly node: string;
  /** What failed. */
  readonly title: string;
  /** Why, in one line. */
  readonly reason: string;
  /** The error with its stack and causes; empty if there is none. */
  readonly details: string;
}

/** A figure of the whole, ready to be read. */
export interface LiveFact {
  /** What it is. */
  readonly title: string;
  /** The figure with its unit. */
  readonly text: string;
}

/** What the numbers of a column are: shares are from 0 to 1. */
export type LiveUnit = "share" | "bytes" | "bytes/s" | "frames/s" | "messages/s" | "calls/s" | "count" | "ms";

/** A column of numbers. */
export interface LiveColumn {
  /** Unique in its table. */
  readonly id: string;
  /** Its heading, and that of its chart. */
  readonly title: string;
  /** What its numbers are. */
  readonly unit: LiveUnit;
  /** What there is to say about it where there is room. */
  readonly description?: string;
  /** Whether it is drawn over time as well. */
  readonly isCharted?: boolean;
  /** Whether it is left out while all its numbers are 0. */
  readonly isRare?: boolean;
  /** Whether much of it is bad, so that its colour warns. */
  readonly warns?: boolean;
}

/** A row of numbers. */
export interface LiveRow {
  /** The id of its node in the drawing. */
  readonly node: string;
  /** Its first cell. */
  readonly title: string;
  /** As that of a node: «running», «restarting», «failed» have colours. */
  readonly status?: string;
  /** What went wrong last, although it goes on. */
  readonly note?: string;
  /** A number for each column; `null` where there is none. */
  readonly values: readonly (number | null)[];
}

/** Rows of the same kind. */
export interface LiveTable {
  /** Unique. */
  readonly id: string;
  /** Its heading. */
  readonly title: string;
  /** What the rows have. */
  readonly columns: readonly LiveColumn[];
  /** Its rows, in their order. */
  readonly rows: readonly LiveRow[];
}

/** Something that was done for a while within a run. */
export interface LiveBar {
  /** The id of its node in the drawing. */
  readonly node: string;
  /** What it was. */
  readonly title: string;
  /** How it has ended, or «running». */
  readonly status: string;
  /** When it began, in milliseconds from the beginning of the run. */
  readonly fromMs: number;
  /** When it ended, in the same; now, as long as it goes on. */
  readonly toMs: number;
}

/** What was done in a run, and when. */
export interface LiveTimeline {
  /** Unique among the timelines. */
  readonly id: string;
  /** Its heading. */
  readonly title: string;
  /** How the run has ended, or «running». */
  readonly status: string;
  /** When it began, in milliseconds since 1970. */
  readonly startedAt: number;
  /** How long it took, or takes so far, in milliseconds. */
  readonly durationMs: number;
  /** What was done, in the order of the beginnings. */
  readonly bars: readonly LiveBar[];
}

/** Everything that is known at a moment: what a page shows, and the snapshot that it was made from. */
export interface LiveUpdate<Snapshot = unknown> {
  /** Unique: a program that was started again on the same port is another run. */
  readonly run: string;
  /** The name of what runs. */
  readonly title: string;
  /** How it goes. */
  readonly state: LiveState;
  /** Whether it is over: nothing follows. */
  readonly isFinal: boolean;
  /** When that was, in milliseconds since 1970. */
  readonly sampledAt: number;
  /** The same in milliseconds by a clock that is never set: charts go by it, where it is told. */
  readonly clockMs?: number;
  /** When the next is due, in milliseconds from then. Who hears nothing for much longer has lost the program. */
  readonly intervalMs: number;
  /** What has failed, in order. */
  readonly failures: readonly LiveFailure[];
  /** What there is to say about the whole. */
  readonly facts: readonly LiveFact[];
  /** Another number whenever the drawing is another, and has to be fetched again. */
  readonly drawing: number;
  /** For the drawing. */
  readonly figures: Figures;
  /** For tables and charts. */
  readonly tables: readonly LiveTable[];
  /** The latest runs, the newest first; none if left out. */
  readonly timelines?: readonly LiveTimeline[];
  /** The figures themselves. */
  readonly snapshot: Snapshot;
}

/** The drawing of what runs, which the page lays out with room for figures. */
export interface LiveDrawing {
  /** What is drawn. */
  readonly description: ViewDescription;
  /** Figures as long and as many as they can get. */
  readonly widest: Figures;
  /** The ids of nodes whose newest frames can be looked at. */
  readonly framed: readonly string[];
}
