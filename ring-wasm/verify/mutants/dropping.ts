/** Broken cores: changes of `../../src/dropping.rs`. */

import type { Mutant } from "../mutants.ts";

export const MUTANTS: readonly Mutant[] = [{
  at: "dropping.rs make_room",
  from: "give_back(m, queue, party);",
  to: "",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "dropping.rs make_room",
  from: "!take(m, queue, party)",
  to: "take(m, queue, party) && false",
  caughtBy: "models queues::a_record_is_dropped_or_taken",
}, {
  at: "dropping.rs lacking",
  from: "is_closed(claims)",
  to: "false",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "dropping.rs lacking",
  from: "Some(band)",
  to: "Some(0)",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "dropping.rs lacking",
  from: "Some(0)",
  to: "Some(band)",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "dropping.rs drop_oldest",
  from: "tally(m, queue + QUEUE_DROPPED);",
  to: "",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "dropping.rs drop_oldest",
  from: "m.load64(queue + QUEUE_RELEASED, Relaxed) != released",
  to: "false",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "dropping.rs drop_oldest",
  from: "if «is_empty»",
  to: "true",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "dropping.rs refuse",
  from: "refused + 1",
  to: "refused",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "dropping.rs drop_oldest",
  from: "if «is_empty»",
  to: "false",
  caughtBy: "properties queue::a_queue_is_four_lists",
}];
