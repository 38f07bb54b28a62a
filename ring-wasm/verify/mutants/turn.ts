/** Broken cores: changes of `../../src/turn.rs`. */

import type { Mutant } from "../mutants.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    at: "turn.rs contend",
    from: "m.replace32(turn, word, word | TURN_CONTENDED)",
    to: "true",
    caughtBy: "models queues::two_consumers_take_turns",
  },
  { at: "turn.rs contend", from: "«word != 0» &&", to: "true", caughtBy: "models dying::a_consumer_dies" },
  { at: "turn.rs is_held_by", from: "«!TURN_CONTENDED»", to: "u32::MAX", caughtBy: "models dying::a_consumer_dies" },
  {
    at: "turn.rs give_back",
    from: "wake_consumers(m, queue);",
    to: "",
    caughtBy: "models queues::two_consumers_take_turns",
  },
];
