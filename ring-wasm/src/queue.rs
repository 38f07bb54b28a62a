//! The record queue: many producers, consumers that take turns, and four bands of records of any length.

use crate::claims::{count, is_closed as is_closed_in, word};
use crate::doorbell::Bells;
use crate::layout::*;
use crate::memory::Memory;
use crate::place::{head, slot, tail};
use crate::waking::{wake as wake_waiters, wake_again};
use core::sync::atomic::Ordering::{Relaxed, SeqCst};

/// Makes a queue in zeroed memory. Positions start at `start`, a multiple of 8, and claims are counted from an eighth of
/// it; only tests set it to anything but 0.
pub fn init<M: Memory>(m: M, queue: u32, records: u32, bytes: u32, parties: u32, start: u64) {
    m.set32(queue + QUEUE_RECORDS, records);
    m.set32(queue + QUEUE_BYTES, bytes);
    m.set32(queue + QUEUE_PARTIES, parties);
    for band in 0..BANDS {
        m.store64(tail(queue, band), start, Relaxed);
        m.store64(head(queue, band), start, Relaxed);
    }
    m.store64(queue + QUEUE_RELEASED, start / 8, SeqCst);
    m.store64(queue + QUEUE_CLAIMS, word(start / 8), SeqCst);
}

/// The slots of all parties: producers and consumers have the same.
#[inline(always)]
fn bells<M: Memory>(m: M, queue: u32) -> Bells {
    Bells { first: slot(m, queue, 0), stride: 4, count: m.get32(queue + QUEUE_PARTIES) }
}

/// Wakes the consumers that wait for a record.
#[inline(always)]
pub fn wake_consumers<M: Memory>(m: M, queue: u32) {
    wake_waiters(m, queue + QUEUE_RECORD_WAITERS, move || bells(m, queue));
}

/// Wakes the producers that wait for room.
#[inline(always)]
pub fn wake_producers<M: Memory>(m: M, queue: u32) {
    wake_waiters(m, queue + QUEUE_ROOM_WAITERS, move || bells(m, queue));
}

/// Wakes everybody, perhaps in place of a party that has died while it did so.
pub fn wake<M: Memory>(m: M, queue: u32) {
    wake_again(m, queue + QUEUE_RECORD_WAITERS, move || bells(m, queue));
    wake_again(m, queue + QUEUE_ROOM_WAITERS, move || bells(m, queue));
}

/// Ends the queue: nothing is claimed any more, consumers drain what is left.
pub fn close<M: Memory>(m: M, queue: u32) {
    crate::claims::close(m, queue);
    wake_consumers(m, queue);
    wake_producers(m, queue);
}

// What anybody may ask. The answers are old when they arrive.

/// Whether the queue was closed.
pub fn is_closed<M: Memory>(m: M, queue: u32) -> i32 {
    i32::from(is_closed_in(m.load64(queue + QUEUE_CLAIMS, SeqCst)))
}

/// Records that are queued or being written.
pub fn depth<M: Memory>(m: M, queue: u32) -> u32 {
    let released = m.load64(queue + QUEUE_RELEASED, SeqCst);
    let open = count(m.load64(queue + QUEUE_CLAIMS, SeqCst)) - released;
    open.min(u64::from(m.get32(queue + QUEUE_RECORDS))) as u32
}

/// Bytes of all bands that are not free.
pub fn bytes_queued<M: Memory>(m: M, queue: u32) -> u64 {
    let capacity = u64::from(m.get32(queue + QUEUE_BYTES));
    let used = |band| {
        let from = m.load64(head(queue, band), SeqCst);
        m.load64(tail(queue, band), SeqCst).saturating_sub(from).min(capacity)
    };
    (0..BANDS).map(used).sum()
}

/// Records that were ever queued, or are being written.
pub fn written<M: Memory>(m: M, queue: u32) -> u64 {
    let aborted = m.load64(queue + QUEUE_ABORTED, SeqCst);
    count(m.load64(queue + QUEUE_CLAIMS, SeqCst)) - aborted
}

/// Records that consumers have ever taken.
pub fn taken<M: Memory>(m: M, queue: u32) -> u64 {
    let not_taken = m.load64(queue + QUEUE_ABORTED, SeqCst) + m.load64(queue + QUEUE_DROPPED, SeqCst);
    m.load64(queue + QUEUE_RELEASED, SeqCst).saturating_sub(not_taken)
}

/// Records that were dropped or refused.
pub fn dropped<M: Memory>(m: M, queue: u32) -> u64 {
    m.load64(queue + QUEUE_DROPPED, SeqCst) + m.load64(queue + QUEUE_REFUSED, SeqCst)
}
