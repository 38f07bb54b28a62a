/** Broken cores: changes of `../../src/waking.rs`. */

import type { HarmlessMutant, Mutant } from "../mutants.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    at: "waking.rs wake",
    from: "m.load32(waiters, «SeqCst»)",
    to: "Acquire",
    caughtBy: "models waiting::a_prepared_reader_wakes_for_a_frame",
  },
  {
    at: "waking.rs wake_announced",
    from: "(word | BITS).wrapping_add(1)",
    to: "word & !BITS",
    caughtBy: "models waiting::two_readers_wake_for_a_frame",
  },
  {
    at: "waking.rs wake_announced",
    from: "m.replace32(waiters, word, (word | BITS).wrapping_add(1))",
    to: "true",
    caughtBy: "models waiting::a_writer_wakes_for_a_skip",
  },
  {
    at: "waking.rs wake_announced",
    from: "m.notify(waiters);",
    to: "",
    caughtBy: "models waiting::a_prepared_reader_wakes_for_a_frame",
  },
  { at: "waking.rs wake_again", from: "m.notify(waiters);", to: "", caughtBy: "models dying::a_consumer_dies" },
  {
    at: "waking.rs wake_again",
    from: "wake(m, waiters, bells);",
    to: "",
    caughtBy: "properties queue::a_queue_is_four_lists",
  },
  {
    at: "waking.rs wake_announced",
    from: "word & BITS == 0",
    to: "true",
    caughtBy: "models waiting::a_prepared_reader_wakes_for_a_frame",
  },
  {
    at: "waking.rs wake_announced",
    from: "m.replace32(waiters, word, (word | BITS).wrapping_add(1))",
    to: "{ if !m.replace32(waiters, word, (word | BITS).wrapping_add(1)) { return; } true }",
    caughtBy: "models doorbells::a_parked_and_a_selecting_reader_wake",
  },
  {
    at: "waking.rs wake_announced",
    from:
      "if m.replace32(waiters, word, (word | BITS).wrapping_add(1)) {\n            if word & PARKED != 0 {\n                m.notify(waiters);\n            }\n            if word & BELLS != 0 {\n                bells().ring(m);\n            }\n            return;\n        }",
    to:
      "if word & BELLS != 0 { bells().ring(m); } if m.replace32(waiters, word, (word | BITS).wrapping_add(1)) { if word & PARKED != 0 { m.notify(waiters); } return; }",
    caughtBy: "models doorbells::a_reader_selects_again_while_it_is_rung",
  },
  {
    at: "waking.rs wake_announced",
    from: "word & BELLS != 0",
    to: "false",
    caughtBy: "models doorbells::a_thread_wakes_for_either",
  },
  {
    at: "waking.rs wake_announced",
    from: "word & BELLS != 0",
    to: "word & PARKED == 0 && word & BELLS != 0",
    caughtBy: "models doorbells::a_parked_and_a_selecting_reader_wake",
  },
  {
    at: "waking.rs wake_announced",
    from: "word & PARKED != 0",
    to: "word & BELLS == 0 && word & PARKED != 0",
    caughtBy: "models doorbells::a_parked_and_a_selecting_reader_wake",
  },
  {
    at: "waking.rs wake",
    from: "m.load32(waiters, SeqCst) & «BITS» != 0",
    to: "PARKED",
    caughtBy: "models doorbells::a_thread_wakes_for_either",
  },
  {
    at: "waking.rs wake",
    from: "m.load32(waiters, SeqCst) & «BITS» != 0",
    to: "BELLS",
    caughtBy: "models waiting::a_reader_wakes_for_the_end",
  },
  {
    at: "waking.rs wake_again",
    from: "bells().ring_again(m);",
    to: "",
    caughtBy: "models doorbells::selecting_readers_outlive_a_writer",
  },
];

export const HARMLESS: readonly HarmlessMutant[] = [
  {
    at: "waking.rs wake_announced",
    from: "(word | BITS).wrapping_add(1)",
    to: "word.wrapping_add(1)",
    why: "the word changes, and a bit that stays wakes nobody",
  },
  {
    at: "waking.rs wake",
    from: "m.load32(waiters, SeqCst) & BITS != 0",
    to: "true",
    why: "the slow path finds nobody",
  },
  { at: "waking.rs wake_announced", from: "word & PARKED != 0", to: "true", why: "it notifies nobody" },
  {
    at: "waking.rs wake_announced",
    from: "word & BELLS != 0",
    to: "true",
    why: "it rings for threads that do not park",
  },
];
