//! Who has claimed what, exactly, even of a party that dies while it claims.
//!
//! All claims of a queue go through one word, whose exchange is what makes a claim. It has the number of the last claim and
//! the party that made it. What was claimed stands in that party's intent, which it states before. Whoever wants to make
//! the next claim first settles the last one: adds it to its band's tail, unless its owner has done so, and confirms it to
//! its owner. So a claim finds both limits of the queue as they are, and a claim that was made can be told from one that was
//! only intended.
//!
//! The claims word: 53 bits of the number, 1 of whether the queue is closed, 10 of the owner (0: nobody yet).
//! The intent: 34 bits of the number that the claim would have, 30 of the length of its record.

use crate::layout::*;
use crate::memory::Memory;
use crate::place::{band, party as slot_of, position, record, tail};
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

const OWNER: u64 = (1 << 10) - 1;
const CLOSED: u64 = 1 << 10;
const COUNT_SHIFT: u32 = 11;
const LENGTH: u64 = (1 << 30) - 1;
const NUMBER_SHIFT: u32 = 30;

/// The claims word after `count` claims by nobody.
#[inline(always)]
pub fn word(count: u64) -> u64 {
    count << COUNT_SHIFT
}

/// How many claims there were: the number of the last one.
#[inline(always)]
pub fn count(claims: u64) -> u64 {
    claims >> COUNT_SHIFT
}

#[inline(always)]
pub fn is_closed(claims: u64) -> bool {
    claims & CLOSED != 0
}

#[inline(always)]
fn owner(claims: u64) -> u32 {
    (claims & OWNER) as u32
}

#[inline(always)]
fn length(intent: u64) -> u32 {
    (intent & LENGTH) as u32
}

/// Whether an intent is for the claim of a number.
#[inline(always)]
fn is_for(intent: u64, number: u64) -> bool {
    intent >> NUMBER_SHIFT == (number << NUMBER_SHIFT) >> NUMBER_SHIFT
}

/// The record that a party has claimed last.
#[inline(always)]
pub fn claimed<M: Memory>(m: M, queue: u32, party: u32) -> (u64, u32) {
    let slot = slot_of(queue, party);
    (m.load64(slot + PARTY_PLACE, Relaxed), length(m.load64(slot + PARTY_INTENT, Relaxed)))
}

/// Claims a place for a record of a length, if no other claim was made since the claims word was loaded.
#[inline(always)]
pub fn claim<M: Memory>(m: M, queue: u32, party: u32, claims: u64, place: u64, length: u32) -> bool {
    let (slot, number) = (slot_of(queue, party), count(claims) + 1);
    // Ordering SETTLE: the tail that this party has added its last claim to, before the intent of the next; see settle_for.
    m.store64(slot + PARTY_INTENT, number << NUMBER_SHIFT | u64::from(length), Release);
    // Ordering INTENT: the intent before the place. Both before the exchange: who finds the claim must find what it is.
    m.store64(slot + PARTY_PLACE, place, Release);
    m.replace64(queue + QUEUE_CLAIMS, claims, number << COUNT_SHIFT | u64::from(party + 1))
}

/// Adds a claim to the tail of its band, if that was not done. Positions never come again, so this is done once only.
#[inline(always)]
pub fn add<M: Memory>(m: M, queue: u32, place: u64, length: u32) {
    let (from, advance) = (position(place), record(m, queue, place, length).advance);
    m.replace64(tail(queue, band(place)), from, from + u64::from(advance));
}

/// Settles the last claim of the claims word. A party has always settled its own.
#[inline(always)]
pub fn settle<M: Memory>(m: M, queue: u32, party: u32, claims: u64) {
    if owner(claims) != 0 && owner(claims) != party + 1 {
        settle_for(m, queue, owner(claims) - 1, count(claims));
    }
}

/// Settles the claim of a number, which a party has made.
#[inline(never)]
fn settle_for<M: Memory>(m: M, queue: u32, party: u32, number: u64) {
    let slot = slot_of(queue, party);
    // Ordering SETTLE: the intent before the caller's load of the tail. If it is that of a later claim, the party has settled
    // this one itself, and the tail must be found so, or the place would be claimed twice.
    let intent = m.load64(slot + PARTY_INTENT, Acquire);
    // Ordering INTENT: the place before the second look at the intent. If the place is that of a later claim, so is the
    // intent.
    let place = m.load64(slot + PARTY_PLACE, Acquire);
    if is_for(intent, number) && m.load64(slot + PARTY_INTENT, Acquire) == intent {
        add(m, queue, place, length(intent));
        confirm(m, slot, number);
    }
}

/// Notes that a party has made the claim of a number. An older note does not replace a newer one.
#[inline(always)]
fn confirm<M: Memory>(m: M, slot: u32, number: u64) {
    loop {
        let confirmed = m.load64(slot + PARTY_CONFIRMED, Relaxed);
        if confirmed >= number || m.replace64(slot + PARTY_CONFIRMED, confirmed, number) {
            return;
        }
    }
}

/// Whether a dead party has made the claim that it has intended last. It is settled then.
pub fn was_made<M: Memory>(m: M, queue: u32, party: u32) -> bool {
    let slot = slot_of(queue, party);
    let intent = m.load64(slot + PARTY_INTENT, Relaxed);
    // Ordering CONFIRM: this load before that of the note, which is made before the claims word is replaced.
    let claims = m.load64(queue + QUEUE_CLAIMS, Acquire);
    if owner(claims) == party + 1 && is_for(intent, count(claims)) {
        settle_for(m, queue, party, count(claims));
        return true;
    }
    let confirmed = m.load64(slot + PARTY_CONFIRMED, Relaxed);
    confirmed != 0 && is_for(intent, confirmed)
}

/// Sets the closed flag.
pub fn close<M: Memory>(m: M, queue: u32) {
    loop {
        let claims = m.load64(queue + QUEUE_CLAIMS, Relaxed);
        if is_closed(claims) || m.replace64(queue + QUEUE_CLAIMS, claims, claims | CLOSED) {
            return;
        }
    }
}
