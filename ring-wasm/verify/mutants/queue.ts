/** Broken cores: changes of `../../src/queue.rs`. */

import type { Mutant } from "../mutants.ts";

export const MUTANTS: readonly Mutant[] = [{
  at: "queue.rs close",
  from: "wake_consumers(m, queue);",
  to: "",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "queue.rs close",
  from: "wake_producers(m, queue);",
  to: "",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "queue.rs init",
  from: "m.store64(head(queue, band), start, Relaxed);",
  to: "",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "queue.rs init",
  from: "m.store64(tail(queue, band), start, Relaxed);",
  to: "",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "queue.rs init",
  from: "m.store64(queue + QUEUE_RELEASED, start / 8, SeqCst);",
  to: "",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "queue.rs wake",
  from: "wake_again(m, queue + QUEUE_RECORD_WAITERS, move || bells(m, queue));",
  to: "",
  caughtBy: "models dying::a_consumer_dies",
}, {
  at: "queue.rs wake",
  from: "wake_again(m, queue + QUEUE_ROOM_WAITERS, move || bells(m, queue));",
  to: "",
  caughtBy: "models dying::a_producer_outlives_a_consumer",
}, {
  at: "queue.rs bells",
  from: "m.get32(queue + QUEUE_PARTIES)",
  to: "1",
  caughtBy: "properties doorbell::doorbells_ring_for_what_was_enlisted",
}];
