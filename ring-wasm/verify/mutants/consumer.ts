/** Broken cores: changes of `../../src/consumer.rs`. */

import type { Mutant } from "../mutants.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    at: "consumer.rs length_word",
    from: "header + RECORD_LENGTH, «SeqCst»)",
    to: "Acquire",
    caughtBy: "models dying::a_producer_outlives_a_consumer",
  },
  {
    at: "consumer.rs length_word",
    from: "header + RECORD_LENGTH, «SeqCst»)",
    to: "Relaxed",
    caughtBy: "models queues::a_higher_band_comes_first",
  },
  {
    at: "consumer.rs oldest",
    from: "word & RECORD_ABORTED == 0",
    to: "true",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "consumer.rs oldest",
    from: "tally(m, queue + QUEUE_ABORTED);",
    to: "",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "consumer.rs release",
    from:
      "m.set64(queue + QUEUE_GOAL_RELEASED, m.load64(queue + QUEUE_RELEASED, Relaxed) + 1);\n    m.store64(queue + QUEUE_GOAL, place(to, band), Relaxed);",
    to:
      "m.store64(queue + QUEUE_GOAL, place(to, band), Relaxed);\n    m.set64(queue + QUEUE_GOAL_RELEASED, m.load64(queue + QUEUE_RELEASED, Relaxed) + 1);",
    caughtBy: "models dying::a_consumer_dies",
  },
  { at: "consumer.rs finish", from: "from >= to", to: "from > to", caughtBy: "models dying::a_consumer_dies" },
  {
    at: "consumer.rs finish",
    from: "clear(m, queue, band, from, to);",
    to: "",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "consumer.rs finish",
    from: "wake_producers(m, queue);",
    to: "",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "consumer.rs clear",
    from: "m.clear(start, bytes - before_end);",
    to: "",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "consumer.rs clear",
    from: "m.clear(start + offset, before_end);",
    to: "",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "consumer.rs next",
    from: "if let Some(length) = oldest(m, queue, band) {\n            return Some((band, length));\n        }",
    to:
      "{ let band = BANDS - 1 - band; if let Some(length) = oldest(m, queue, band) { return Some((band, length)); } }",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "consumer.rs is_drained",
    from: "&& «count(claims) == m.load64(queue + QUEUE_RELEASED, Relaxed)»",
    to: "true",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "consumer.rs look",
    from: "give_back(m, queue, party);",
    to: "",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "consumer.rs free",
    from: "give_back(m, queue, party);",
    to: "",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "consumer.rs has_record",
    from: "give_back(m, queue, party);",
    to: "",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "consumer.rs has_record",
    from: "|| «is_drained(m, queue)»",
    to: "false",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "consumer.rs ready",
    from: "m.load32(queue + QUEUE_WAKES, SeqCst) != since",
    to: "false",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  { at: "consumer.rs ready", from: "«stopped(m)»", to: "false", caughtBy: "properties queue::a_queue_is_four_lists" },
  {
    at: "consumer.rs is_drained",
    from: "is_closed(claims)",
    to: "true",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "consumer.rs watch",
    from: "queue + QUEUE_RECORD_WAITERS",
    to: "queue + QUEUE_ROOM_WAITERS",
    caughtBy: "models doorbells::a_selecting_consumer_takes_turns",
  },
];
