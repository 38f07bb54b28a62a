/** Broken cores: changes of `../../src/event.rs`. */

import type { HarmlessMutant, Mutant } from "../mutants.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    at: "event.rs pending",
    from: "m.load32(event + EVENT_PENDING, «SeqCst»)",
    to: "Acquire",
    caughtBy: "models events::two_waiters_take_one_activation_each",
  },
  {
    at: "event.rs is_closed",
    from: "m.load32(event + EVENT_SIGNALERS, «SeqCst»)",
    to: "Relaxed",
    caughtBy: "models events::an_event_ends_after_its_activations",
    preemptions: 3,
  },
  {
    at: "event.rs reset",
    from: "m.store32(event + EVENT_PENDING, 0, «SeqCst»)",
    to: "Relaxed",
    caughtBy: "models events::a_reset_forgets_what_was_before",
  },
  {
    at: "event.rs look",
    from: "0 if «closed»",
    to: "is_closed(m, event, own)",
    caughtBy: "models events::an_event_ends_after_its_activations",
  },
  {
    at: "event.rs signal",
    from:
      "update(m, event + EVENT_PENDING, |count| count.checked_add(1));\n    wake(m, event + EVENT_WAITERS, move || bells(m, event));",
    to:
      "wake(m, event + EVENT_WAITERS, move || bells(m, event));\n    update(m, event + EVENT_PENDING, |count| count.checked_add(1));",
    caughtBy: "models events::two_waiters_take_one_activation_each",
  },
  {
    at: "event.rs leave",
    from:
      "update(m, event + EVENT_SIGNALERS, |count| count.checked_sub(1));\n    wake_again(m, event + EVENT_WAITERS, move || bells(m, event));",
    to:
      "wake_again(m, event + EVENT_WAITERS, move || bells(m, event));\n    update(m, event + EVENT_SIGNALERS, |count| count.checked_sub(1));",
    caughtBy: "models events::an_event_ends_after_its_activations",
  },
  {
    at: "event.rs init",
    from: "m.store32(event + EVENT_PENDING, activations, SeqCst);",
    to: "",
    caughtBy: "properties event::an_event_is_a_count",
  },
  {
    at: "event.rs init",
    from: "m.store32(event + EVENT_SIGNALERS, signalers, SeqCst);",
    to: "",
    caughtBy: "models events::an_event_ends_after_its_activations",
  },
  {
    at: "event.rs is_closed",
    from: "m.load32(event + EVENT_SIGNALERS, SeqCst) <= own",
    to: "m.load32(event + EVENT_SIGNALERS, SeqCst) < own",
    caughtBy: "models events::an_event_ends_after_its_activations",
  },
  {
    at: "event.rs is_closed",
    from: "m.load32(event + EVENT_SIGNALERS, SeqCst) <= own",
    to: "m.load32(event + EVENT_SIGNALERS, SeqCst) == 0",
    caughtBy: "models events::the_last_signaler_does_not_wait_for_itself",
  },
  {
    at: "event.rs update",
    from: "m.replace32(at, old, new)",
    to: "{ m.store32(at, new, SeqCst); true }",
    caughtBy: "models events::a_reset_forgets_what_was_before",
  },
  {
    at: "event.rs signal",
    from: "count.checked_add(1)",
    to: "Some(count.wrapping_add(1))",
    caughtBy: "properties event::an_event_is_a_count",
  },
  {
    at: "event.rs signal",
    from: "count.checked_add(1)",
    to: "count.checked_add(2)",
    caughtBy: "models events::a_reset_forgets_what_was_before",
  },
  {
    at: "event.rs signal",
    from: "wake(m, event + EVENT_WAITERS, move || bells(m, event));",
    to: "",
    caughtBy: "models events::two_waiters_take_one_activation_each",
  },
  {
    at: "event.rs take",
    from: "found == DONE && !update(m, event + EVENT_PENDING, |count| count.checked_sub(1))",
    to: "false",
    caughtBy: "models events::a_reset_forgets_what_was_before",
  },
  {
    at: "event.rs take",
    from: "!update(m, event + EVENT_PENDING, |count| count.checked_sub(1))",
    to: "{ update(m, event + EVENT_PENDING, |count| count.checked_sub(1)); false }",
    caughtBy: "models events::two_waiters_take_one_activation_each",
  },
  {
    at: "event.rs reset",
    from: "m.store32(event + EVENT_PENDING, 0, SeqCst);",
    to: "",
    caughtBy: "models events::a_reset_forgets_what_was_before",
  },
  {
    at: "event.rs leave",
    from: "count.checked_sub(1)",
    to: "count.checked_sub(2)",
    caughtBy: "models events::an_event_ends_after_its_activations",
  },
  {
    at: "event.rs leave",
    from: "wake_again(m, event + EVENT_WAITERS, move || bells(m, event));",
    to: "",
    caughtBy: "models events::an_event_ends_after_its_activations",
  },
  {
    at: "event.rs ready",
    from: "«pending(m, event) != 0» ||",
    to: "false",
    caughtBy: "models events::two_waiters_take_one_activation_each",
  },
  {
    at: "event.rs ready",
    from: "|| «is_closed(m, event, own)» ||",
    to: "false",
    caughtBy: "models events::the_last_signaler_does_not_wait_for_itself",
  },
  { at: "event.rs ready", from: "|| «stopped(m)»", to: "false", caughtBy: "properties event::an_event_is_a_count" },
  {
    at: "event.rs watch",
    from: "slot(event, party)",
    to: "slot(event, party + 1)",
    caughtBy: "properties doorbell::doorbells_ring_for_what_was_enlisted",
  },
  {
    at: "event.rs bells",
    from: "m.get32(event + EVENT_PARTIES)",
    to: "1",
    caughtBy: "properties doorbell::doorbells_ring_for_what_was_enlisted",
  },
  {
    at: "event.rs init",
    from: "m.set32(event + EVENT_PARTIES, parties);",
    to: "",
    caughtBy: "models doorbells::a_thread_wakes_for_either",
  },
];

export const HARMLESS: readonly HarmlessMutant[] = [{
  at: "event.rs is_closed",
  from: "m.load32(event + EVENT_SIGNALERS, «SeqCst»)",
  to: "Acquire",
  why: "the look at the activations before it is behind the announcement already",
}, {
  at: "event.rs update",
  from: "m.load32(at, «SeqCst»)",
  to: "Relaxed",
  why: "an old count fails the exchange, which then is tried again",
}];
