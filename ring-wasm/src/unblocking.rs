//! Cleaning up after a party that is dead: exactly, since it is known to be, and what it had begun stands in the memory.

use crate::claims::{claimed, was_made};
use crate::codes::{DONE, NOT_READY};
use crate::consumer::finish;
use crate::layout::*;
use crate::memory::Memory;
use crate::place::{band, data, head, position, record};
use crate::queue::wake;
use crate::turn::{give_back, is_held_by, take};
use core::sync::atomic::Ordering::Relaxed;

/// Gives up what a dead party had claimed and not published, and ends its turn: if it was about to free a record, that is
/// done, and otherwise the record is the next consumer's. [`NOT_READY`], and nothing done, while somebody else has the turn.
pub fn unblock<M: Memory>(m: M, queue: u32, party: u32) -> i32 {
    if is_held_by(m, queue, party) {
        finish(m, queue);
    } else if !take(m, queue, party) {
        return NOT_READY;
    }
    give_up(m, queue, party);
    give_back(m, queue, party);
    // It may have died before it woke those for whom it had done something.
    wake(m, queue);
    DONE
}

/// Gives up what the party had claimed. In the turn, so that what is not published is not released either.
fn give_up<M: Memory>(m: M, queue: u32, party: u32) {
    if !was_made(m, queue, party) {
        return;
    }
    let (place, length) = claimed(m, queue, party);
    if position(place) < m.load64(head(queue, band(place)), Relaxed) {
        return;
    }
    let header = data(m, queue) + record(m, queue, place, length).header + RECORD_LENGTH;
    if m.load32(header, Relaxed) == 0 {
        m.store32(header, length | RECORD_ABORTED, Relaxed);
    }
}
