/** Broken cores: changes of `../../src/doorbell.rs`. */

import type { HarmlessMutant, Mutant } from "../mutants.ts";

export const MUTANTS: readonly Mutant[] = [{
  at: "doorbell.rs each",
  from: "0..self.count",
  to: "0..1",
  caughtBy: "models doorbells::two_selecting_readers_see_every_frame",
}, {
  at: "doorbell.rs each",
  from: "0..self.count",
  to: "1..self.count",
  caughtBy: "models doorbells::a_thread_wakes_for_either",
}, {
  at: "doorbell.rs each",
  from: "self.first + index * self.stride",
  to: "self.first",
  caughtBy: "models doorbells::two_selecting_readers_see_every_frame",
}, {
  at: "doorbell.rs ring",
  from: "self.each(m, |bell| wake_parked(m, bell));",
  to: "self.each(m, |bell| m.notify(bell));",
  caughtBy: "models doorbells::a_thread_wakes_for_either",
}, {
  at: "doorbell.rs ring_again",
  from: "m.notify(bell);",
  to: "",
  caughtBy: "models doorbells::selecting_readers_outlive_a_writer",
}, {
  at: "doorbell.rs ring_again",
  from: "wake_parked(m, bell);",
  to: "",
  caughtBy: "models doorbells::selecting_readers_outlive_a_writer",
}, {
  at: "doorbell.rs enlist",
  from: "m.or32(waiters, BELLS);",
  to: "",
  caughtBy: "models doorbells::a_thread_wakes_for_either",
}, {
  at: "doorbell.rs enlist",
  from: "m.store32(slot, bell, Relaxed);",
  to: "",
  caughtBy: "models doorbells::a_thread_wakes_for_either",
}, {
  at: "doorbell.rs enlist",
  from:
    "if m.load32(slot, Relaxed) != bell {\n        m.store32(slot, bell, Relaxed);\n    }\n    m.or32(waiters, BELLS);",
  to: "m.or32(waiters, BELLS); if m.load32(slot, Relaxed) != bell { m.store32(slot, bell, Relaxed); }",
  caughtBy: "models doorbells::a_thread_wakes_for_either",
}, {
  at: "doorbell.rs watch",
  from: "i32::from(«ready()»)",
  to: "bell == 0 && ready()",
  caughtBy: "models doorbells::a_thread_wakes_for_either",
}, {
  at: "doorbell.rs watch",
  from: "enlist(m, waiters, slot, bell);",
  to: "let found = ready(); enlist(m, waiters, slot, bell); return i32::from(found);",
  caughtBy: "models doorbells::a_thread_wakes_for_either",
}, {
  at: "doorbell.rs prepare",
  from: "announce(m, bell)",
  to: "m.load32(bell, Relaxed)",
  caughtBy: "models doorbells::a_thread_wakes_for_either",
}, {
  at: "doorbell.rs park",
  from: "m.wait32(bell, announced, nanoseconds)",
  to: "m.wait32(bell, announced | 1 << 31, nanoseconds)",
  caughtBy: "properties doorbell::doorbells_ring_for_what_was_enlisted",
}];

export const HARMLESS: readonly HarmlessMutant[] = [{
  at: "doorbell.rs enlist",
  from: "m.load32(slot, Relaxed) != bell",
  to: "true",
  why: "the same doorbell is stored again",
}];
