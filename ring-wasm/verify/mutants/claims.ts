/** Broken cores: changes of `../../src/claims.rs`. */

import type { HarmlessMutant, Mutant } from "../mutants.ts";

export const MUTANTS: readonly Mutant[] = [{
  at: "claims.rs claim",
  from: "m.store64(slot + PARTY_PLACE, place, «Release»)",
  to: "Relaxed",
  caughtBy: "models queues::each_claim_takes_its_own_place",
}, {
  at: "claims.rs settle_for",
  from: "let intent = m.load64(slot + PARTY_INTENT, «Acquire»)",
  to: "Relaxed",
  caughtBy: "models queues::each_claim_takes_its_own_place",
}, {
  at: "claims.rs settle_for",
  from: "m.load64(slot + PARTY_PLACE, «Acquire»)",
  to: "Relaxed",
  caughtBy: "models queues::each_claim_takes_its_own_place",
}, {
  at: "claims.rs settle_for",
  from: "m.load64(slot + PARTY_INTENT, «Acquire») == intent",
  to: "Relaxed",
  caughtBy: "models queues::each_claim_takes_its_own_place",
}, {
  at: "claims.rs was_made",
  from: "m.load64(queue + QUEUE_CLAIMS, «Acquire»)",
  to: "Relaxed",
  caughtBy: "models dying::a_producer_dies",
}, {
  at: "claims.rs claim",
  from: "number << NUMBER_SHIFT | u64::from(length), «Release»)",
  to: "Relaxed",
  caughtBy: "models queues::each_claim_takes_its_own_place",
}, {
  at: "claims.rs claim",
  from: "u64::from(party + 1)",
  to: "1",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "claims.rs settle_for",
  from: "«is_for(intent, number)» &&",
  to: "true",
  caughtBy: "models queues::each_claim_takes_its_own_place",
}, {
  at: "claims.rs settle_for",
  from: "confirm(m, slot, number);",
  to: "",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "claims.rs settle_for",
  from: "add(m, queue, place, length(intent));",
  to: "",
  caughtBy: "models queues::each_claim_takes_its_own_place",
}, {
  at: "claims.rs was_made",
  from: "confirmed != 0",
  to: "true",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "claims.rs was_made",
  from: "settle_for(m, queue, party, count(claims));",
  to: "",
  caughtBy: "models dying::a_producer_dies",
}, {
  at: "claims.rs is_for",
  from: "(number << NUMBER_SHIFT) >> NUMBER_SHIFT",
  to: "number + 1",
  caughtBy: "properties queue::a_queue_is_four_lists",
}, {
  at: "claims.rs was_made",
  from: "&& «is_for(intent, confirmed)»",
  to: "true",
  caughtBy: "models dying::a_producer_dies",
}, {
  at: "claims.rs was_made",
  from: "is_for(intent, count(claims))",
  to: "true",
  caughtBy: "models dying::a_producer_dies",
}, {
  at: "claims.rs settle_for",
  from: "m.load64(slot + PARTY_INTENT, Acquire) == intent",
  to: "true",
  caughtBy: "models queues::each_claim_takes_its_own_place",
}];

export const HARMLESS: readonly HarmlessMutant[] = [{
  at: "claims.rs settle",
  from: "owner(claims) != party + 1",
  to: "true",
  why: "a party's own last claim is in the tail already, and may be confirmed to itself",
}];
