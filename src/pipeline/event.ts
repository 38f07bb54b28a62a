/** Events: the switches that tell tasks when they may run. */

import { boolean, checkName, checkOptions, type Rules, text } from "../rules.ts";

/** Options of `Pipeline.addEvent()`. */
export interface EventOptions {
  /**
   * Whether the event is open from the start, with one activation pending.
   *
   * @default {false}
   */
  initialState?: boolean;
  /** For people. */
  description?: string;
}

/** What each option of an event must be. */
export const EVENT_RULES = { initialState: boolean, description: text } satisfies Rules;

/**
 * A declared event, to be bound to tasks.
 *
 * @example
 * ```ts
 * import { Pipeline } from "@ringmill/ringmill";
 * import { equal } from "node:assert/strict";
 *
 * const armed = new Pipeline("alarm").addEvent("armed", { initialState: true });
 * equal(armed.name, "armed");
 * equal(armed.initialState, true);
 * ```
 */
export class EventHandle {
  /** Its name, unique within the pipeline. */
  readonly name: string;
  /** Whether it is open from the start. */
  readonly initialState: boolean;
  /** For people. */
  readonly description: string | undefined;

  /** Checks the options. `Pipeline.addEvent()` does this. */
  constructor(name: string, options: EventOptions = {}) {
    checkName("add an event", name);
    checkOptions(`add event "${name}"`, options, EVENT_RULES);
    const { initialState = false, description } = options;
    this.name = name;
    this.initialState = initialState;
    this.description = description;
  }
}
