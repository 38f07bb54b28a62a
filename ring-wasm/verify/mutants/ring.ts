/** Broken cores: changes of `../../src/ring.rs`. */

import type { HarmlessMutant, Mutant } from "../mutants.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    at: "ring.rs scan",
    from: "m.load32(reader + READER_STATE, «SeqCst»)",
    to: "Acquire",
    caughtBy: "models waiting::a_writer_wakes_for_a_reader_that_leaves",
  },
  {
    at: "ring.rs scan",
    from: "m.load32(reader + READER_STATE, «SeqCst»)",
    to: "Relaxed",
    caughtBy: "models joining::a_reader_leaves",
  },
  {
    at: "ring.rs scan",
    from: "m.load64(reader + READER_POSITION, «SeqCst»)",
    to: "Relaxed",
    caughtBy: "models waiting::a_writer_wakes_for_a_skip",
  },
  {
    at: "ring.rs scan",
    from: "m.load64(reader + READER_POSITION, «SeqCst»)",
    to: "Acquire",
    caughtBy: "miri two_readers_see_every_frame",
  },
  {
    at: "ring.rs init",
    from: "m.set32(ring + RING_OFFSET, offset);",
    to: "",
    caughtBy: "properties ring::a_ring_is_an_array",
  },
  {
    at: "ring.rs init",
    from: "m.store64(ring + RING_POSITION, start, Relaxed);",
    to: "",
    caughtBy: "properties ring::a_ring_is_an_array",
  },
  {
    at: "ring.rs init",
    from: "m.store64(reader + READER_POSITION, start, Relaxed);",
    to: "",
    caughtBy: "properties ring::a_ring_is_an_array",
  },
  {
    at: "ring.rs init",
    from: "m.set32(reader + READER_OFFSET, offset);",
    to: "",
    caughtBy: "properties ring::a_ring_is_an_array",
  },
  {
    at: "ring.rs init",
    from: "m.store32(reader + READER_STATE, READER_BLOCKING, SeqCst);",
    to: "",
    caughtBy: "models waiting::all_wake_for_the_stop",
  },
  {
    at: "ring.rs scan",
    from: "found.slowest.min(m.load64(reader + READER_POSITION, SeqCst))",
    to: "found.slowest.max(m.load64(reader + READER_POSITION, SeqCst))",
    caughtBy: "models waiting::all_wake_for_the_stop",
  },
  {
    at: "ring.rs scan",
    from: "found.slowest.min(m.load64(reader + READER_POSITION, SeqCst))",
    to: "m.load64(reader + READER_POSITION, SeqCst)",
    caughtBy: "models waiting::a_writer_wakes_for_the_slowest_reader",
  },
  {
    at: "ring.rs scan",
    from: "found.passing = «true»",
    to: "false",
    caughtBy: "models passing::a_passing_reader_gets_whole_frames",
  },
  { at: "ring.rs scan", from: "slowest: «position»", to: "0", caughtBy: "models waiting::a_writer_wakes_for_a_skip" },
  {
    at: "ring.rs unread",
    from: "position - scan(m, ring, position).slowest",
    to: "position - position",
    caughtBy: "properties ring::a_ring_is_an_array",
  },
  {
    at: "ring.rs offset_of",
    from: "position.checked_rem(u64::from(capacity)).unwrap_or(0) as u32",
    to: "position as u32 % capacity",
    caughtBy: "properties ring::a_ring_is_an_array",
  },
  {
    at: "ring.rs after",
    from: "next >= capacity",
    to: "next > capacity",
    caughtBy: "properties ring::a_ring_is_an_array",
  },
  { at: "ring.rs after", from: "{ «next - capacity» }", to: "0", caughtBy: "properties ring::a_ring_is_an_array" },
  {
    at: "ring.rs reader_bells",
    from: "m.get32(ring + RING_READERS)",
    to: "1",
    caughtBy: "models doorbells::two_selecting_readers_see_every_frame",
  },
];

export const HARMLESS: readonly HarmlessMutant[] = [{
  at: "ring.rs init",
  from: "m.store64(ring + RING_CLAIM, start, Relaxed);",
  to: "",
  why: "no position is behind a claim of 0",
}, {
  at: "ring.rs init",
  from: "m.set64(reader + READER_SEEN, start);",
  to: "",
  why: "the first look takes the position anew",
}, {
  at: "ring.rs unread",
  from: "behind.min(u64::from(m.get32(ring + RING_CAPACITY))) as u32",
  to: "behind as u32",
  why: "a reader that holds the writer back is never further behind",
}];
