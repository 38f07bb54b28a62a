/** Broken cores: single changes to `../src`, each of which a check must notice. A check that cannot fail proves nothing. */

import * as claims from "./mutants/claims.ts";
import * as consumer from "./mutants/consumer.ts";
import * as doorbell from "./mutants/doorbell.ts";
import * as dropping from "./mutants/dropping.ts";
import * as event from "./mutants/event.ts";
import * as place from "./mutants/place.ts";
import * as producer from "./mutants/producer.ts";
import * as queue from "./mutants/queue.ts";
import * as reader from "./mutants/reader.ts";
import * as ring from "./mutants/ring.ts";
import * as turn from "./mutants/turn.ts";
import * as unblocking from "./mutants/unblocking.ts";
import * as waiting from "./mutants/waiting.ts";
import * as waking from "./mutants/waking.ts";
import * as writer from "./mutants/writer.ts";

/** One change. */
export interface Mutant {
  /** The file in `../src`, and the function in it. */
  readonly at: `${string}.rs ${string}`;
  /**
   * A statement, or an expression, that occurs once in the function; or such a part of what is written there, between
   * « and ».
   */
  readonly from: string;
  readonly to: string;
  /** The check that notices: a model, a property, or a test under threads which Miri runs. */
  readonly caughtBy: string;
  /**
   * How many preemptions a model needs for it.
   *
   * @default 2
   */
  readonly preemptions?: number;
}

/** A change that no check can notice, since it breaks no promise. */
export interface HarmlessMutant extends Omit<Mutant, "caughtBy"> {
  /** What it is or costs. */
  readonly why: string;
}

/** What must be noticed. */
export const MUTANTS: readonly Mutant[] = [
  claims,
  consumer,
  doorbell,
  dropping,
  event,
  place,
  producer,
  queue,
  reader,
  ring,
  turn,
  unblocking,
  waiting,
  waking,
  writer,
].flatMap((file) => file.MUTANTS);

/** What cannot be noticed, nor needs to be. */
export const HARMLESS: readonly HarmlessMutant[] = [claims, doorbell, event, reader, ring, waiting, waking, writer]
  .flatMap((file) => file.HARMLESS);
