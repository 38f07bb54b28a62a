//! The consuming side of a queue. Any number of parties may call these; they take turns.

use crate::claims::{count, is_closed};
use crate::codes::{CLOSED, NOT_READY};
use crate::doorbell;
use crate::layout::*;
use crate::memory::Memory;
use crate::place::{self, data, party as slot_of, place, position, record};
use crate::queue::wake_producers;
use crate::turn::{give_back, take_or_contend};
use crate::waiting::{announce, prepare, stopped, unless_stopped, wait as wait_until};
use core::sync::atomic::Ordering::{Relaxed, SeqCst};

/// What a band's head is, for who has the turn: nobody else stores it.
#[inline(always)]
fn head<M: Memory>(m: M, queue: u32, band: u32) -> u64 {
    m.load64(place::head(queue, band), Relaxed)
}

/// The length word of a band's oldest record: 0 if there is none, or it is being written.
///
/// Ordering COMMIT: this load before the loads of the record. Ordering WAKE: the announcement before this load, where it is
/// the look before parking.
#[inline(always)]
fn length_word<M: Memory>(m: M, queue: u32, band: u32) -> u32 {
    let oldest = record(m, queue, place(head(m, queue, band), band), 0);
    m.load32(data(m, queue) + oldest.header + RECORD_LENGTH, SeqCst)
}

#[inline(always)]
fn length(word: u32) -> u32 {
    word & !(RECORD_COMMITTED | RECORD_ABORTED)
}

/// The length of a band's oldest record, if that is whole. Those before it that were given up are released.
#[inline(always)]
pub fn oldest<M: Memory>(m: M, queue: u32, band: u32) -> Option<u32> {
    loop {
        let word = length_word(m, queue, band);
        if word & RECORD_ABORTED == 0 {
            return (word != 0).then(|| length(word));
        }
        tally(m, queue + QUEUE_ABORTED);
        release(m, queue, band, length(word));
    }
}

/// Counts one more. Only who has the turn stores the word.
pub fn tally<M: Memory>(m: M, at: u32) {
    m.store64(at, m.load64(at, Relaxed) + 1, Relaxed);
}

/// Frees the room of a band's oldest record. Who dies on the way is replaced by [`finish`].
#[inline(always)]
pub fn release<M: Memory>(m: M, queue: u32, band: u32, length: u32) {
    let from = head(m, queue, band);
    let to = from + u64::from(record(m, queue, place(from, band), length).advance);
    m.set64(queue + QUEUE_GOAL_RELEASED, m.load64(queue + QUEUE_RELEASED, Relaxed) + 1);
    m.store64(queue + QUEUE_GOAL, place(to, band), Relaxed);
    finish(m, queue);
}

/// Does what is left of a release, all of which may be done twice.
#[inline(always)]
pub fn finish<M: Memory>(m: M, queue: u32) {
    let goal = m.load64(queue + QUEUE_GOAL, Relaxed);
    let (band, to) = (place::band(goal), position(goal));
    let from = head(m, queue, band);
    if from >= to {
        return;
    }
    clear(m, queue, band, from, to);
    m.store64(queue + QUEUE_RELEASED, m.get64(queue + QUEUE_GOAL_RELEASED), SeqCst);
    // Ordering FREE: the loads of the record and the zeros before the head. Ordering WAKE: count and head before the waiters
    // word.
    m.store64(place::head(queue, band), to, SeqCst);
    wake_producers(m, queue);
}

/// Makes the bytes zero from one position to another: a length that is not 0 tells of a record.
#[inline(always)]
fn clear<M: Memory>(m: M, queue: u32, band: u32, from: u64, to: u64) {
    let capacity = m.get32(queue + QUEUE_BYTES);
    let start = data(m, queue) + band * capacity;
    let (offset, bytes) = (from as u32 & (capacity - 1), (to - from) as u32);
    let before_end = bytes.min(capacity - offset);
    m.clear(start + offset, before_end);
    m.clear(start, bytes - before_end);
}

/// The band and the length of the record that is next.
#[inline(always)]
fn next<M: Memory>(m: M, queue: u32) -> Option<(u32, u32)> {
    for band in (0..BANDS).rev() {
        if let Some(length) = oldest(m, queue, band) {
            return Some((band, length));
        }
    }
    None
}

/// Whether the queue is closed and nothing is left in it.
#[inline(always)]
fn is_drained<M: Memory>(m: M, queue: u32) -> bool {
    // Ordering WAKE: the announcement before this load, where it is the look before parking.
    let claims = m.load64(queue + QUEUE_CLAIMS, SeqCst);
    is_closed(claims) && count(claims) == m.load64(queue + QUEUE_RELEASED, Relaxed)
}

/// Finds the oldest record of the highest band that has any, and takes the turn: its offset from the bands' address. Its
/// length is PARTY_FOUND. The party frees it, or gives the turn back, before it looks again.
#[inline(always)]
pub fn look<M: Memory>(m: M, queue: u32, party: u32) -> i32 {
    unless_stopped(m, || {
        if !take_or_contend(m, queue, party) {
            return NOT_READY;
        }
        let Some((band, length)) = next(m, queue) else {
            let code = if is_drained(m, queue) { CLOSED } else { NOT_READY };
            give_back(m, queue, party);
            return code;
        };
        m.set32(queue + QUEUE_FOUND, band);
        m.set32(slot_of(queue, party) + PARTY_FOUND, length);
        record(m, queue, place(head(m, queue, band), band), length).bytes as i32
    })
}

/// Frees the record that `look` has found, and gives the turn back.
#[inline(always)]
pub fn free<M: Memory>(m: M, queue: u32, party: u32) {
    let band = m.get32(queue + QUEUE_FOUND);
    release(m, queue, band, m.get32(slot_of(queue, party) + PARTY_FOUND));
    give_back(m, queue, party);
}

/// Whether there is something for a consumer. While another party has the turn, that party will wake it.
#[inline(always)]
fn has_record<M: Memory>(m: M, queue: u32, party: u32) -> bool {
    if !take_or_contend(m, queue, party) {
        return false;
    }
    let found = next(m, queue).is_some() || is_drained(m, queue);
    give_back(m, queue, party);
    found
}

#[inline(never)]
fn ready<M: Memory>(m: M, queue: u32, party: u32, since: u32) -> bool {
    has_record(m, queue, party) || m.load32(queue + QUEUE_WAKES, SeqCst) != since || stopped(m)
}

/// Waits until there is a record, or the queue is closed and drained, or QUEUE_WAKES is not `since`.
pub fn wait<M: Memory>(m: M, queue: u32, party: u32, since: u32, spins: u32, nanoseconds: i64) -> i32 {
    let waiters = queue + QUEUE_RECORD_WAITERS;
    let ready = || ready(m, queue, party, since);
    wait_until(m, waiters, spins, nanoseconds, || announce(m, waiters), ready)
}

/// As [`wait`], for threads that must not park: see [`prepare`].
pub fn prepare_wait<M: Memory>(m: M, queue: u32, party: u32, since: u32) -> u32 {
    prepare(announce(m, queue + QUEUE_RECORD_WAITERS), || ready(m, queue, party, since))
}

/// Whether there is a record, or anything else for which [`wait`] ends, as one of several things to wait for: see
/// [`doorbell::watch`].
pub fn watch<M: Memory>(m: M, queue: u32, party: u32, since: u32, bell: u32) -> i32 {
    let slot = place::slot(m, queue, party);
    doorbell::watch(m, bell, queue + QUEUE_RECORD_WAITERS, slot, || ready(m, queue, party, since))
}
