//! Making room by dropping what is queued.

use crate::claims::is_closed;
use crate::codes::{DONE, NOT_READY, OUTRANKED};
use crate::consumer::{oldest, release, tally};
use crate::layout::*;
use crate::memory::Memory;
use crate::place::{head, place, record, tail};
use crate::producer::{is_allowed, is_free};
use crate::turn::{give_back, take};
use crate::waiting::unless_stopped;
use core::sync::atomic::Ordering::{Acquire, Relaxed};

/// Drops one record, if there is no room for `length` bytes: the oldest of the lowest band that has any, up to `band`; or,
/// where it is the bytes of `band` that do not suffice, the oldest of that. [`NOT_READY`] where what it would drop is being
/// written, or somebody else has the turn; [`OUTRANKED`] where there are only records of higher bands.
pub fn make_room<M: Memory>(m: M, queue: u32, party: u32, band: u32, length: u32) -> i32 {
    unless_stopped(m, || {
        if !take(m, queue, party) {
            return NOT_READY;
        }
        let code = lacking(m, queue, party, band, length).map_or(DONE, |lowest| drop_oldest(m, queue, lowest, band));
        give_back(m, queue, party);
        code
    })
}

/// The lowest band from which to drop a record. None if there is room, or never will be; or where the last claim is not
/// settled yet, which the next try to claim does.
#[inline(always)]
fn lacking<M: Memory>(m: M, queue: u32, party: u32, band: u32, length: u32) -> Option<u32> {
    let claims = m.load64(queue + QUEUE_CLAIMS, Acquire);
    if is_closed(claims) {
        return None;
    }
    let position = m.load64(tail(queue, band), Relaxed);
    let end = position + u64::from(record(m, queue, place(position, band), length).advance);
    if !is_free(m, queue, party, band, end) {
        Some(band)
    } else if !is_allowed(m, queue, party, claims) {
        Some(0)
    } else {
        None
    }
}

/// Drops the oldest record of the lowest band that has any, from `lowest` to `highest`.
#[inline(always)]
fn drop_oldest<M: Memory>(m: M, queue: u32, lowest: u32, highest: u32) -> i32 {
    let released = m.load64(queue + QUEUE_RELEASED, Relaxed);
    let mut is_empty = true;
    for band in lowest..=highest {
        if let Some(length) = oldest(m, queue, band) {
            tally(m, queue + QUEUE_DROPPED);
            release(m, queue, band, length);
            return DONE;
        }
        is_empty &= m.load64(tail(queue, band), Relaxed) == m.load64(head(queue, band), Relaxed);
    }
    // Room may have come from records that were given up.
    if m.load64(queue + QUEUE_RELEASED, Relaxed) != released {
        DONE
    } else if is_empty {
        OUTRANKED
    } else {
        NOT_READY
    }
}

/// Counts a record for which nothing could be dropped.
pub fn refuse<M: Memory>(m: M, queue: u32) {
    loop {
        let refused = m.load64(queue + QUEUE_REFUSED, Relaxed);
        if m.replace64(queue + QUEUE_REFUSED, refused, refused + 1) {
            return;
        }
    }
}
