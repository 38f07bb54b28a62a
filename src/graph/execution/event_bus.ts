/** Tells those who listen to a graph what happens in it. */

import type { Observable } from "rxjs";
import { wallTime } from "../../ring/clock.ts";
import { Subject } from "../../vendor/rxjs.js";
import type { EventParent, GraphEvent } from "../events.ts";
import { report } from "../../notices.ts";

/** An event without what is the same for all. */
export type EventDetails = GraphEvent extends infer Event
  ? Event extends GraphEvent ? Omit<Event, "graph" | "run" | "at" | "parent"> : never
  : never;

// deno-lint-ignore no-explicit-any
type Listener = (value?: any) => void;

/** Says that a listener has failed. It is nobody's fault but its own: the execution goes on. */
function reportListener(whose: string, error: unknown): void {
  report(error, `A listener of ${whose} has failed`);
}

/** Calls a listener, which may throw or reject. */
function call(whose: string, listener: Listener, value: unknown): void {
  try {
    const result: unknown = listener(value);
    if (result instanceof Promise) result.catch((error) => reportListener(whose, error));
  } catch (error) {
    reportListener(whose, error);
  }
}

/** The part of an observer that RxJS calls. */
interface ListeningObserver {
  next?: Listener;
  error?: Listener;
  complete?: Listener;
}

/** The class that subjects extend. */
const ObservableClass = Object.getPrototypeOf(Subject) as typeof Observable;

/** An observable whose observers, and those of what is piped from it, cannot end the program. */
class GuardedObservable extends ObservableClass<unknown> {
  readonly #whose: string;

  constructor(whose: string, source: Observable<unknown>) {
    super();
    this.#whose = whose;
    this.source = source;
  }

  override lift<Result>(operator: NonNullable<Observable<unknown>["operator"]>): Observable<Result> {
    const lifted = new GuardedObservable(this.#whose, this);
    lifted.operator = operator;
    return lifted as Observable<Result>;
  }

  override subscribe(
    observer?: ListeningObserver | Listener | null,
    error?: Listener | null,
    complete?: Listener | null,
  ): ReturnType<Observable<unknown>["subscribe"]> {
    // Operators subscribe with observers of their own, which hand errors on.
    if (typeof observer === "object" && observer !== null && "unsubscribe" in observer) {
      return super.subscribe(observer);
    }
    const listeners = { next: observer, error: error ?? undefined, complete: complete ?? undefined };
    return super.subscribe(this.#guard(typeof observer === "object" ? observer ?? {} : listeners as ListeningObserver));
  }

  #guard(observer: ListeningObserver): { readonly [kind in keyof ListeningObserver]-?: Listener } {
    const guarded = (kind: keyof ListeningObserver) => (value: unknown) => {
      if (observer[kind]) call(this.#whose, (value) => observer[kind]!(value), value);
      else if (kind === "error") reportListener(this.#whose, value);
    };
    return { next: guarded("next"), error: guarded("error"), complete: guarded("complete") };
  }
}

/** Something that can be listened to, until it completes. */
export class Port {
  readonly #whose: string;
  readonly #subject = new Subject<unknown>();
  /** For those who subscribe. */
  readonly observable: Observable<unknown>;

  constructor(whose: string) {
    this.#whose = whose;
    this.observable = new GuardedObservable(whose, this.#subject);
  }

  get isObserved(): boolean {
    return this.#subject.observed;
  }

  next(value: unknown): void {
    call(this.#whose, (value) => this.#subject.next(value), value);
  }

  complete(): void {
    this.#subject.complete();
  }
}

/** The listeners of one graph. */
export class Monitor {
  /** Whether anybody has asked to hear of anything. Executions look at this first. */
  isWatched = false;
  readonly #whose: string;
  readonly #listeners: Listener[] = [];
  #port: Port | undefined;
  #isComplete = false;

  constructor(graph: string) {
    this.#whose = `graph "${graph}"`;
  }

  /** All events, for anybody who subscribes. */
  get events$(): Observable<GraphEvent> {
    this.isWatched = true;
    this.#port ??= new Port(this.#whose);
    if (this.#isComplete) this.#port.complete();
    return this.#port.observable as Observable<GraphEvent>;
  }

  /** Has a function told of all events, until the function that is returned has been called. */
  listen(listener: (event: GraphEvent) => unknown): () => void {
    const wasWatched = this.isWatched;
    this.isWatched = true;
    this.#listeners.push(listener as Listener);
    return () => {
      const at = this.#listeners.indexOf(listener as Listener);
      if (at >= 0) this.#listeners.splice(at, 1);
      if (!wasWatched && this.#listeners.length === 0 && !this.#port) this.isWatched = false;
    };
  }

  /** Tells of an event. */
  tell(graph: string, run: number, details: EventDetails, parent?: EventParent): void {
    const isObserved = this.#port?.isObserved;
    if (!isObserved && this.#listeners.length === 0) return;
    const event = { ...details, graph, run, at: wallTime(), ...parent && { parent } };
    for (const listener of this.#listeners) call(this.#whose, listener, event);
    if (isObserved) this.#port!.next(event);
  }

  /** Calls a listener of one execution. */
  call(listener: (value: never) => unknown, value: unknown): void {
    call(this.#whose, listener as Listener, value);
  }

  /** Nothing more will happen. */
  complete(): void {
    this.#isComplete = true;
    this.#port?.complete();
  }
}
