/** Broken cores: changes of `../../src/waiting.rs`. */

import type { HarmlessMutant, Mutant } from "../mutants.ts";

export const MUTANTS: readonly Mutant[] = [{
  at: "waiting.rs unless_stopped",
  from: "stopped(m)",
  to: "false",
  caughtBy: "models waiting::all_wake_for_the_stop",
}, {
  at: "waiting.rs announce",
  from: "m.or32(waiters, PARKED) | PARKED",
  to: "m.load32(waiters, SeqCst) | PARKED",
  caughtBy: "models waiting::a_prepared_reader_wakes_for_a_frame",
}, {
  at: "waiting.rs announce",
  from: "m.or32(waiters, PARKED) | PARKED",
  to: "m.or32(waiters, PARKED)",
  caughtBy: "models waiting::a_prepared_reader_wakes_for_a_frame",
}, {
  at: "waiting.rs wait",
  from: "ready() || m.wait32(waiters, announced, nanoseconds)",
  to: "m.wait32(waiters, announced, nanoseconds)",
  caughtBy: "models waiting::a_reader_wakes_for_the_end",
}, {
  at: "waiting.rs wait",
  from: "m.wait32(waiters, «announced», nanoseconds)",
  to: "m.load32(waiters, SeqCst)",
  caughtBy: "models waiting::all_wake_for_the_stop",
}, {
  at: "waiting.rs wait",
  from: "if «nanoseconds == 0»",
  to: "false",
  caughtBy: "properties event::an_event_is_a_count",
}, {
  at: "waiting.rs wait",
  from: "if «ready()» {\n            return SPUN",
  to: "false",
  caughtBy: "properties event::an_event_is_a_count",
}, {
  at: "waiting.rs wait",
  from: "let announced = «announce()»",
  to: "announce() | 1 << 31",
  caughtBy: "models waiting::a_reader_wakes_for_the_end",
}, {
  at: "waiting.rs prepare",
  from: "ready()",
  to: "false",
  caughtBy: "models waiting::a_prepared_reader_wakes_for_a_frame",
}, {
  at: "waiting.rs wake_parked",
  from: "(word | BITS).wrapping_add(1)",
  to: "word & !1",
  caughtBy: "properties doorbell::doorbells_ring_for_what_was_enlisted",
}, {
  at: "waiting.rs wake_parked",
  from: "m.replace32(waiters, word, (word | BITS).wrapping_add(1))",
  to: "true",
  caughtBy: "models doorbells::a_thread_wakes_for_either",
}, {
  at: "waiting.rs wake_parked",
  from: "m.notify(waiters);",
  to: "",
  caughtBy: "models doorbells::a_thread_wakes_for_either",
}];

export const HARMLESS: readonly HarmlessMutant[] = [{
  at: "waiting.rs stopped",
  from: "m.load32(STOP, «SeqCst»)",
  to: "Relaxed",
  why: "a stop changes the waiters words afterwards, and those order it",
}];
