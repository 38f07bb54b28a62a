/** Tells those who listen to a graph what happens in it. */

import type { Observable } from "rxjs";
import { wallTime } from "../../ring/clock.ts";
import { Subject } from "../../vendor/rxjs.js";
import type { GraphEvent } from "../events.ts";

/** An event without what is the same for all. */
export type EventDetails = GraphEvent extends infer Event
  ? Event extends GraphEvent ? Omit<Event, "graph" | "run" | "at"> : never
  : never;

/** The listeners of one graph. */
export class Monitor {
  /** Whether anybody has asked to hear of anything. Executions look at this first. */
  isWatched = false;
  #events: Subject<GraphEvent> | undefined;

  /** All events, for anybody who subscribes. */
  get events$(): Observable<GraphEvent> {
    this.isWatched = true;
    return (this.#events ??= new Subject()).asObservable();
  }

  /** Tells of an event. */
  tell(graph: string, run: number, details: EventDetails): void {
    if (!this.#events?.observed) return;
    this.#events.next({ ...details, graph, run, at: wallTime() } as GraphEvent);
  }

  /** Nothing more will happen. */
  complete(): void {
    this.#events?.complete();
  }
}
