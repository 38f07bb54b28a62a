/** Broken cores: changes of `../../src/unblocking.rs`. */

import type { Mutant } from "../mutants.ts";

export const MUTANTS: readonly Mutant[] = [{
  at: "unblocking.rs unblock",
  from: "finish(m, queue);",
  to: "",
  caughtBy: "models dying::a_consumer_dies",
}, {
  at: "unblocking.rs unblock",
  from: "give_up(m, queue, party);",
  to: "",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "unblocking.rs unblock",
  from: "give_back(m, queue, party);",
  to: "",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "unblocking.rs give_up",
  from: "!was_made(m, queue, party)",
  to: "false",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "unblocking.rs give_up",
  from: "position(place) < m.load64(head(queue, band(place)), Relaxed)",
  to: "false",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "unblocking.rs give_up",
  from: "m.load32(header, Relaxed) == 0",
  to: "true",
  caughtBy: "properties queue::a_queue_is_four_lists",
}];
