/** Broken cores: changes of `../../src/producer.rs`. */

import type { Mutant } from "../mutants.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    at: "producer.rs commit",
    from: "length | RECORD_COMMITTED, «SeqCst»)",
    to: "Release",
    caughtBy: "models queues::a_higher_band_comes_first",
  },
  {
    at: "producer.rs is_free",
    from: "m.load64(head(queue, band), «SeqCst»)",
    to: "Relaxed",
    caughtBy: "models queues::a_producer_wakes_for_room",
  },
  {
    at: "producer.rs claim",
    from: "m.load64(queue + QUEUE_CLAIMS, «Acquire»)",
    to: "Relaxed",
    caughtBy: "models queues::each_claim_takes_its_own_place",
  },
  {
    at: "producer.rs commit",
    from: "length | RECORD_COMMITTED, «SeqCst»)",
    to: "Relaxed",
    caughtBy: "models queues::a_higher_band_comes_first",
  },
  {
    at: "producer.rs is_allowed",
    from: "number <= limit",
    to: "number < limit",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "producer.rs is_allowed",
    from: "number <= m.get64(allowed)",
    to: "number <= m.get64(allowed) + 1",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "producer.rs is_free",
    from: "m.set64(seen, limit);\n    end <= limit",
    to: "m.set64(seen, limit);\n    end < limit",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "producer.rs room",
    from: "settle(m, queue, party, claims);",
    to: "",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "producer.rs room",
    from: "!is_allowed(m, queue, party, claims)",
    to: "false",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "producer.rs claim",
    from: "is_closed(claims)",
    to: "false",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "producer.rs claim",
    from: "add(m, queue, place, length);",
    to: "",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "producer.rs commit",
    from: "wake_consumers(m, queue);",
    to: "",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "producer.rs ready",
    from: "is_closed(claims)",
    to: "false",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  { at: "producer.rs ready", from: "«stopped(m)»", to: "false", caughtBy: "properties queue::a_queue_is_four_lists" },
  {
    at: "producer.rs ready",
    from: "m.load32(queue + QUEUE_WAKES, SeqCst) != since",
    to: "false",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "producer.rs watch",
    from: "queue + QUEUE_ROOM_WAITERS",
    to: "queue + QUEUE_RECORD_WAITERS",
    caughtBy: "models doorbells::a_selecting_producer_wakes_for_room",
  },
];
