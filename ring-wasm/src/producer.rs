//! The producing side of a queue. Any number of parties may call these, each of them one at a time.

use crate::claims::{add, claim as make_claim, claimed, count, is_closed, settle};
use crate::codes::{CLOSED, NOT_READY};
use crate::doorbell;
use crate::layout::*;
use crate::memory::Memory;
use crate::place::{Record, data, head, party as slot_of, place, record, slot, tail};
use crate::queue::wake_consumers;
use crate::waiting::{announce, prepare, stopped, unless_stopped, wait as wait_until};
use core::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};

/// Whether one more claim is allowed, by the limit last seen or, where that says no, by a new look.
#[inline(always)]
pub fn is_allowed<M: Memory>(m: M, queue: u32, party: u32, claims: u64) -> bool {
    let (number, allowed) = (count(claims) + 1, slot_of(queue, party) + PARTY_ALLOWED);
    if number <= m.get64(allowed) {
        return true;
    }
    // Ordering WAKE: the announcement before this load, where it is the look before parking.
    let limit = m.load64(queue + QUEUE_RELEASED, SeqCst) + u64::from(m.get32(queue + QUEUE_RECORDS));
    m.set64(allowed, limit);
    number <= limit
}

/// Whether a band is free up to a position, by the limit last seen or, where that says no, by a new look.
#[inline(always)]
pub fn is_free<M: Memory>(m: M, queue: u32, party: u32, band: u32, end: u64) -> bool {
    let seen = slot_of(queue, party) + PARTY_LIMITS + band * 8;
    if end <= m.get64(seen) {
        return true;
    }
    // Ordering FREE: the consumer's loads and zeros before its head, that before this load, this load before the stores of
    // the record. Otherwise zeros would fall on it. Ordering WAKE: as above.
    let limit = m.load64(head(queue, band), SeqCst) + u64::from(m.get32(queue + QUEUE_BYTES));
    m.set64(seen, limit);
    end <= limit
}

/// The next place of a band and its record of a length, if there is room for that after the claims of the claims word.
#[inline(always)]
fn room<M: Memory>(m: M, queue: u32, party: u32, claims: u64, band: u32, length: u32) -> Option<(u64, Record)> {
    settle(m, queue, party, claims);
    if !is_allowed(m, queue, party, claims) {
        return None;
    }
    let position = m.load64(tail(queue, band), Relaxed);
    let place = place(position, band);
    let record = record(m, queue, place, length);
    is_free(m, queue, party, band, position + u64::from(record.advance)).then_some((place, record))
}

/// Claims room for `length` bytes (at most half of the band's): their offset from the bands' address. The party commits what
/// it has claimed before it claims again.
#[inline(always)]
pub fn claim<M: Memory>(m: M, queue: u32, party: u32, band: u32, length: u32) -> i32 {
    unless_stopped(m, || {
        loop {
            // Ordering INTENT: this load before those of what was claimed.
            let claims = m.load64(queue + QUEUE_CLAIMS, Acquire);
            if is_closed(claims) {
                return CLOSED;
            }
            let Some((place, record)) = room(m, queue, party, claims, band, length) else { return NOT_READY };
            if make_claim(m, queue, party, claims, place, length) {
                add(m, queue, place, length);
                return record.bytes as i32;
            }
        }
    })
}

/// Publishes what the party has claimed.
#[inline(always)]
pub fn commit<M: Memory>(m: M, queue: u32, party: u32) {
    let (place, length) = claimed(m, queue, party);
    let header = data(m, queue) + record(m, queue, place, length).header;
    // Ordering COMMIT: the stores to the record before its length; a consumer that finds the length must find the record.
    // Ordering WAKE as well: the length before the load of the waiters word.
    m.store32(header + RECORD_LENGTH, length | RECORD_COMMITTED, SeqCst);
    wake_consumers(m, queue);
}

#[inline(never)]
fn ready<M: Memory>(m: M, queue: u32, party: u32, band: u32, length: u32, since: u32) -> bool {
    // Ordering WAKE: the announcement before this load.
    let claims = m.load64(queue + QUEUE_CLAIMS, SeqCst);
    is_closed(claims)
        || room(m, queue, party, claims, band, length).is_some()
        || m.load32(queue + QUEUE_WAKES, SeqCst) != since
        || stopped(m)
}

/// Waits until there is room for `length` bytes, or the queue is closed, or QUEUE_WAKES is not `since`.
#[allow(clippy::too_many_arguments)]
pub fn wait<M: Memory>(
    m: M,
    queue: u32,
    party: u32,
    band: u32,
    length: u32,
    since: u32,
    spins: u32,
    nanoseconds: i64,
) -> i32 {
    let waiters = queue + QUEUE_ROOM_WAITERS;
    let ready = || ready(m, queue, party, band, length, since);
    wait_until(m, waiters, spins, nanoseconds, || announce(m, waiters), ready)
}

/// As [`wait`], for threads that must not park: see [`prepare`].
pub fn prepare_wait<M: Memory>(m: M, queue: u32, party: u32, band: u32, length: u32, since: u32) -> u32 {
    prepare(announce(m, queue + QUEUE_ROOM_WAITERS), || ready(m, queue, party, band, length, since))
}

/// Whether there is room for `length` bytes, or anything else for which [`wait`] ends, as one of several things to wait for:
/// see [`doorbell::watch`].
pub fn watch<M: Memory>(m: M, queue: u32, party: u32, band: u32, length: u32, since: u32, bell: u32) -> i32 {
    let slot = slot(m, queue, party);
    doorbell::watch(m, bell, queue + QUEUE_ROOM_WAITERS, slot, || ready(m, queue, party, band, length, since))
}
