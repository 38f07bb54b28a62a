/** Broken cores: changes of `../../src/place.rs`. */

import type { Mutant } from "../mutants.ts";

export const MUTANTS: readonly Mutant[] = [{
  at: "place.rs record",
  from: "RECORD_HEADER + padded <= left",
  to: "RECORD_HEADER + padded < left",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "place.rs record",
  from: "(length + 7) & !7",
  to: "(length + 3) & !3",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "place.rs record",
  from: "advance: «left + padded»",
  to: "left",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "place.rs record",
  from: "RECORD_HEADER + padded <= left",
  to: "padded <= left",
  caughtBy: "properties queue::a_queue_is_four_lists",
}];
