//! The writing side of a ring. Every function belongs to the one thread that writes.

use crate::codes::{DONE, NOT_READY, REFRESH_DUE};
use crate::doorbell;
use crate::layout::*;
use crate::memory::Memory;
use crate::ring::{after, data, scan, wake_readers, wake_readers_again};
use crate::waiting::{announce, prepare, stopped, unless_stopped, wait as wait_until};
use core::sync::atomic::Ordering::{Relaxed, SeqCst};

/// The writer's own position. Only this thread stores it, so it may load it plainly.
#[inline(always)]
fn position<M: Memory>(m: M, ring: u32) -> u64 {
    m.get64(ring + RING_POSITION)
}

/// Scans the readers and caches how far the writer may go. A cached limit grows old, never wrong: readers only advance,
/// and one that turns blocking starts at the writer's position.
fn rescan<M: Memory>(m: M, ring: u32) -> u64 {
    let found = scan(m, ring, position(m, ring));
    let limit = found.slowest + u64::from(m.get32(ring + RING_CAPACITY));
    m.set64(ring + RING_LIMIT, limit);
    m.set32(ring + RING_ANNOUNCING, u32::from(found.passing));
    m.set32(ring + RING_SCANS, m.get32(ring + RING_SCANS).wrapping_add(1));
    limit
}

/// Whether `length` bytes fit, by the cached limit or, where that says no, by a new scan.
#[inline(always)]
fn fits<M: Memory>(m: M, ring: u32, length: u32) -> bool {
    let end = position(m, ring) + u64::from(length);
    end <= m.get64(ring + RING_LIMIT) || end <= rescan(m, ring)
}

/// Offset of the next `length` bytes (at most the capacity) to write, which may wrap.
#[inline(always)]
pub fn look<M: Memory>(m: M, ring: u32, length: u32) -> i32 {
    unless_stopped(m, || {
        if !fits(m, ring, length) {
            return NOT_READY;
        }
        if m.get32(ring + RING_ANNOUNCING) != 0 {
            announce_claim(m, ring, length);
        }
        m.get32(ring + RING_OFFSET) as i32
    })
}

/// Bytes that may be written together: a multiple of `unit`, from `least` to `most` (both at most the capacity). They begin
/// at RING_OFFSET and may wrap. Or a negative code, as of [`look`].
pub fn look_many<M: Memory>(m: M, ring: u32, unit: u32, least: u32, most: u32) -> i32 {
    let found = look(m, ring, least);
    if found < 0 {
        return found;
    }
    let room = m.get64(ring + RING_LIMIT) - position(m, ring);
    let room = if room < u64::from(most) { rescan(m, ring) - position(m, ring) } else { room };
    let most = u64::from(most).min(room) as u32;
    let most = most - most.checked_rem(unit).unwrap_or(0);
    if m.get32(ring + RING_ANNOUNCING) != 0 {
        announce_claim(m, ring, most);
    }
    most as i32
}

/// Ordering CLAIM: the claim before the stores that overwrite. A passing reader that saw one of those must find the claim
/// when it looks afterwards; reordered, it would take a torn frame for a whole one. A store that releases is not enough:
/// it does not hold back the stores after it.
#[inline(never)]
fn announce_claim<M: Memory>(m: M, ring: u32, length: u32) {
    // A look at fewer bytes than the one before takes nothing back: all of them may be overwritten already.
    let end = position(m, ring) + u64::from(length);
    if end > m.get64(ring + RING_CLAIM) {
        m.store64(ring + RING_CLAIM, end, Relaxed);
    }
    m.fence();
}

/// Publishes `length` bytes for which `look` has found room.
#[inline(always)]
pub fn advance<M: Memory>(m: M, ring: u32, length: u32) -> i32 {
    let capacity = m.get32(ring + RING_CAPACITY);
    let offset = after(m.get32(ring + RING_OFFSET), length, capacity);
    m.set32(ring + RING_OFFSET, offset);
    // Ordering PUBLISH: the stores to the data before the position; a reader that finds the position must find the data.
    // Ordering WAKE as well: the position before the load of the waiters word.
    m.store64(ring + RING_POSITION, position(m, ring) + u64::from(length), SeqCst);
    wake_readers(m, ring);
    let countdown = m.get32(ring + RING_COUNTDOWN).wrapping_sub(1);
    m.set32(ring + RING_COUNTDOWN, countdown);
    if countdown == 0 { REFRESH_DUE } else { DONE }
}

/// Copies `length` bytes (at most the capacity) into the ring and publishes them.
#[inline(always)]
pub fn write<M: Memory>(m: M, ring: u32, from: u32, length: u32) -> i32 {
    let offset = look(m, ring, length);
    if offset < 0 {
        return offset;
    }
    let data = data(m, ring);
    let before_wrap = m.get32(ring + RING_CAPACITY) - offset as u32;
    if length <= before_wrap {
        m.copy(data + offset as u32, from, length);
    } else {
        m.copy(data + offset as u32, from, before_wrap);
        m.copy(data, from + before_wrap, length - before_wrap);
    }
    advance(m, ring, length)
}

/// Scans the readers now, and asks for the next refresh after `writes` writes (at least 1).
pub fn refresh<M: Memory>(m: M, ring: u32, writes: u32) {
    rescan(m, ring);
    m.set32(ring + RING_COUNTDOWN, writes);
}

/// End of stream: readers drain what is left.
pub fn close<M: Memory>(m: M, ring: u32) {
    // Ordering CLOSE: the last position before this word; a reader that finds it looks at the position again.
    m.store32(ring + RING_CLOSED, 1, SeqCst);
    wake_readers_again(m, ring);
}

/// States where the slowest reader must be for `length` bytes to fit. To be followed by an announcement.
#[inline(always)]
fn state_need<M: Memory>(m: M, ring: u32, length: u32) {
    let end = position(m, ring) + u64::from(length);
    let needed = end.saturating_sub(u64::from(m.get32(ring + RING_CAPACITY)));
    m.store64(ring + RING_SPACE_NEEDED, needed, Relaxed);
}

/// Says that the writer is about to park until `length` bytes fit.
#[inline(always)]
fn announce_need<M: Memory>(m: M, ring: u32, length: u32) -> u32 {
    state_need(m, ring, length);
    announce(m, ring + RING_SPACE_WAITERS)
}

#[inline(always)]
fn ready<M: Memory>(m: M, ring: u32, length: u32) -> bool {
    fits(m, ring, length) || stopped(m)
}

/// Waits until `length` bytes fit.
pub fn wait<M: Memory>(m: M, ring: u32, length: u32, spins: u32, nanoseconds: i64) -> i32 {
    let announce = || announce_need(m, ring, length);
    wait_until(m, ring + RING_SPACE_WAITERS, spins, nanoseconds, announce, || ready(m, ring, length))
}

/// As [`wait`], for threads that must not park: see [`prepare`].
pub fn prepare_wait<M: Memory>(m: M, ring: u32, length: u32) -> u32 {
    prepare(announce_need(m, ring, length), || ready(m, ring, length))
}

/// Whether `length` bytes fit, as one of several things to wait for: see [`doorbell::watch`].
pub fn watch<M: Memory>(m: M, ring: u32, length: u32, bell: u32) -> i32 {
    if bell != 0 {
        state_need(m, ring, length);
    }
    doorbell::watch(m, bell, ring + RING_SPACE_WAITERS, ring + RING_BELL, || ready(m, ring, length))
}
