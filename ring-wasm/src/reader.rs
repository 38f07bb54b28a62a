//! The reading side of a ring. Every function belongs to the one thread that owns the reader.

use crate::codes::{CLOSED, DONE, NOT_READY, OVERTAKEN};
use crate::doorbell;
use crate::layout::*;
use crate::memory::Memory;
use crate::ring::{after, data, offset_of, wake_writer, wake_writer_again};
use crate::waiting::{announce, prepare, stopped, unless_stopped, wait as wait_until};
use core::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};

/// The reader's own position. Only this thread stores it, so it may load it plainly.
#[inline(always)]
fn position<M: Memory>(m: M, reader: u32) -> u64 {
    m.get64(reader + READER_POSITION)
}

#[inline(always)]
fn is_passing<M: Memory>(m: M, reader: u32) -> bool {
    m.get32(reader + READER_STATE) == READER_PASSING
}

/// Loads the writer's position and keeps it. Ordering PUBLISH: this load before the loads of the data.
#[inline(always)]
fn refresh_seen<M: Memory>(m: M, ring: u32, reader: u32) -> u64 {
    let seen = m.load64(ring + RING_POSITION, SeqCst);
    m.set64(reader + READER_SEEN, seen);
    seen
}

/// Whether `length` bytes are there, by the writer's position last seen or, where that says no, by a new look.
#[inline(always)]
fn has<M: Memory>(m: M, ring: u32, reader: u32, length: u32) -> bool {
    let end = position(m, reader) + u64::from(length);
    end <= m.get64(reader + READER_SEEN) || end <= refresh_seen(m, ring, reader)
}

/// Offset of the next `length` bytes (at most the capacity) to read, which may wrap.
#[inline(always)]
pub fn look<M: Memory>(m: M, ring: u32, reader: u32, length: u32) -> i32 {
    unless_stopped(m, || {
        if !has(m, ring, reader, length) {
            return missing(m, ring, reader, length);
        }
        if is_passing(m, reader) && is_overtaken(m, ring, reader) {
            skip(m, ring, reader, length);
        }
        m.get32(reader + READER_OFFSET) as i32
    })
}

/// Why `length` bytes are not there.
fn missing<M: Memory>(m: M, ring: u32, reader: u32, length: u32) -> i32 {
    // Ordering CLOSE: this load before the second look at the position, or the last bytes would be missed.
    if m.load32(ring + RING_CLOSED, SeqCst) == 0 {
        NOT_READY
    } else if has(m, ring, reader, length) {
        m.get32(reader + READER_OFFSET) as i32
    } else {
        CLOSED
    }
}

/// Whether the writer may have begun to overwrite what the passing reader reads next or has just read.
///
/// Ordering CLAIM: the loads of the data before this load of the claim. An acquiring load alone would not hold back the
/// loads before it, hence the fence.
#[inline(always)]
fn is_overtaken<M: Memory>(m: M, ring: u32, reader: u32) -> bool {
    m.fence();
    let claim = m.load64(ring + RING_CLAIM, Acquire);
    claim > position(m, reader) + u64::from(m.get32(ring + RING_CAPACITY))
}

/// Moves to `to`, which the writer has published. Counts what was left out.
fn jump<M: Memory>(m: M, ring: u32, reader: u32, to: u64) {
    let left_out = to - position(m, reader);
    let offset = offset_of(to, m.get32(ring + RING_CAPACITY));
    m.set64(reader + READER_LOST, m.get64(reader + READER_LOST) + left_out);
    m.set32(reader + READER_OFFSET, offset);
    m.store64(reader + READER_POSITION, to, SeqCst);
    wake_writer(m, ring);
}

/// Moves to the newest `length` bytes, if they are further on. Returns how many bytes were left out.
#[inline(never)]
pub fn skip<M: Memory>(m: M, ring: u32, reader: u32, length: u32) -> u64 {
    let newest = refresh_seen(m, ring, reader).saturating_sub(u64::from(length));
    let from = position(m, reader);
    if newest <= from {
        return 0;
    }
    jump(m, ring, reader, newest);
    newest - from
}

/// Consumes `length` bytes that `look` has found. [`OVERTAKEN`] if they were not whole all the while.
#[inline(always)]
pub fn advance<M: Memory>(m: M, ring: u32, reader: u32, length: u32) -> i32 {
    let overtaken = is_passing(m, reader) && is_overtaken(m, ring, reader);
    let from = position(m, reader);
    let to = from + u64::from(length);
    let capacity = m.get32(ring + RING_CAPACITY);
    m.set32(reader + READER_OFFSET, after(m.get32(reader + READER_OFFSET), length, capacity));
    // Ordering FREE: the loads of the data before the position. Ordering WAKE: the position before the waiters word.
    m.store64(reader + READER_POSITION, to, SeqCst);
    if m.load32(ring + RING_SPACE_WAITERS, SeqCst) != 0 {
        pass(m, ring, from, to);
    }
    if !overtaken {
        return DONE;
    }
    m.set64(reader + READER_LOST, m.get64(reader + READER_LOST) + u64::from(length));
    OVERTAKEN
}

/// [`advance`] by what `look` has found, and [`look`] at what follows, in one call.
pub fn next<M: Memory>(m: M, ring: u32, reader: u32, consumed: u32, length: u32) -> i32 {
    advance(m, ring, reader, consumed);
    look(m, ring, reader, length)
}

/// Bytes that are there to be read together: a multiple of `unit`, from `least` to `most` (both at most the capacity).
/// They begin at READER_OFFSET and may wrap. Or a negative code, as of [`look`].
pub fn look_many<M: Memory>(m: M, ring: u32, reader: u32, unit: u32, least: u32, most: u32) -> i32 {
    let found = look(m, ring, reader, least);
    if found < 0 {
        return found;
    }
    let there = refresh_seen(m, ring, reader) - position(m, reader);
    let most = u64::from(most).min(there) as u32;
    (most - most.checked_rem(unit).unwrap_or(0)) as i32
}

/// Wakes the writer if this step went past what it waits for; a faster reader's steps are not its business.
#[inline(never)]
fn pass<M: Memory>(m: M, ring: u32, from: u64, to: u64) {
    let needed = m.load64(ring + RING_SPACE_NEEDED, Relaxed);
    if from < needed && needed <= to {
        wake_writer(m, ring);
    }
}

/// Copies the next `length` bytes (at most the capacity) out of the ring and consumes them.
#[inline(always)]
pub fn read<M: Memory>(m: M, ring: u32, reader: u32, to: u32, length: u32) -> i32 {
    let offset = look(m, ring, reader, length);
    if offset < 0 {
        return offset;
    }
    let data = data(m, ring);
    let before_wrap = m.get32(ring + RING_CAPACITY) - offset as u32;
    if length <= before_wrap {
        m.copy(to, data + offset as u32, length);
    } else {
        m.copy(to, data + offset as u32, before_wrap);
        m.copy(to + before_wrap, data, length - before_wrap);
    }
    advance(m, ring, reader, length)
}

/// Stops holding the writer back: [`READER_PASSING`] to go on reading what it can get, [`READER_DETACHED`] to be gone.
pub fn release<M: Memory>(m: M, ring: u32, reader: u32, state: u32) {
    m.store32(reader + READER_STATE, state, SeqCst);
    wake_writer_again(m, ring);
}

/// Holds the writer back again, from its present position on.
pub fn rejoin<M: Memory>(m: M, ring: u32, reader: u32) {
    let near = refresh_seen(m, ring, reader);
    jump(m, ring, reader, near);
    m.store32(reader + READER_STATE, READER_BLOCKING, SeqCst);
    // Ordering JOIN: the state before this load of the position, see ring::scan. The writer may have gone on since.
    let here = refresh_seen(m, ring, reader);
    jump(m, ring, reader, here);
}

/// Whether everything is read and nothing will follow.
pub fn is_closed<M: Memory>(m: M, ring: u32, reader: u32) -> i32 {
    let closed = m.load32(ring + RING_CLOSED, SeqCst) != 0;
    i32::from(closed && !has(m, ring, reader, 1))
}

#[inline(always)]
fn ready<M: Memory>(m: M, ring: u32, reader: u32, length: u32) -> bool {
    has(m, ring, reader, length) || m.load32(ring + RING_CLOSED, SeqCst) != 0 || stopped(m)
}

/// Waits until `length` bytes are there, or the ring is closed.
pub fn wait<M: Memory>(m: M, ring: u32, reader: u32, length: u32, spins: u32, nanoseconds: i64) -> i32 {
    let waiters = ring + RING_DATA_WAITERS;
    wait_until(m, waiters, spins, nanoseconds, || announce(m, waiters), || ready(m, ring, reader, length))
}

/// As [`wait`], for threads that must not park: see [`prepare`].
pub fn prepare_wait<M: Memory>(m: M, ring: u32, reader: u32, length: u32) -> u32 {
    prepare(announce(m, ring + RING_DATA_WAITERS), || ready(m, ring, reader, length))
}

/// Whether `length` bytes are there, or the ring is closed, as one of several things to wait for: see [`doorbell::watch`].
pub fn watch<M: Memory>(m: M, ring: u32, reader: u32, length: u32, bell: u32) -> i32 {
    doorbell::watch(m, bell, ring + RING_DATA_WAITERS, reader + READER_BELL, || ready(m, ring, reader, length))
}
