//! The one way to wait: look, spin, announce, look again, park. The other side wakes only who has announced.
//!
//! The lowest bit of a waiters word says that somebody may be parked on it, the others count how often that was ended. Who
//! changes what others wait for then calls [`wake`].

use crate::codes::{SPUN, STOPPED, TIMED_OUT, WOKEN};
use crate::layout::{STOP, ZERO};
use crate::memory::Memory;
use core::sync::atomic::Ordering::{Relaxed, SeqCst};

/// Loads of one pause, each of which waits for the one before.
const RELAX_LOADS: u32 = 48;

#[inline(always)]
pub fn stopped<M: Memory>(m: M) -> bool {
    m.load32(STOP, SeqCst) != 0
}

/// [`STOPPED`] once the pipeline is told to stop, otherwise what `attempt` returns.
#[inline(always)]
pub fn unless_stopped<M: Memory>(m: M, attempt: impl FnOnce() -> i32) -> i32 {
    if stopped(m) { STOPPED } else { attempt() }
}

/// Sets the lowest bit of the waiters word and returns what the word is then: the value to park on.
///
/// Ordering WAKE: the announcement before the second look. Were the look done first, the other side could change the
/// state and find nobody announced in between, and the waiter would sleep through it.
#[inline(always)]
pub fn announce<M: Memory>(m: M, waiters: u32) -> u32 {
    m.or32(waiters, 1) | 1
}

/// Wakes all who have announced themselves: clears the bit, counts on, and notifies.
///
/// Ordering WAKE: the caller's change (a SeqCst store) before this load, for the same reason.
///
/// The count is why a waiter does not sleep through a wake that comes between its second look and its parking, although
/// another waiter announces itself after the wake: the word is not what it was. If the exchange fails, somebody else is
/// waking the same waiters.
#[inline(always)]
pub fn wake<M: Memory>(m: M, waiters: u32) {
    let word = m.load32(waiters, SeqCst);
    if word & 1 != 0 && m.replace32(waiters, word, word.wrapping_add(1)) {
        m.notify(waiters);
    }
}

/// As [`wake`], and wakes those as well whom somebody was about to notify who has died before that.
pub fn wake_again<M: Memory>(m: M, waiters: u32) {
    wake(m, waiters);
    m.notify(waiters);
}

/// Lets some time pass between two looks. Every look takes the line from the other side's cache; looking without a
/// pause would make its next store wait. WASM has no instruction for a pause, so this follows a chain of loads.
#[inline(always)]
pub fn relax<M: Memory>(m: M) {
    let mut at = ZERO;
    for _ in 0..RELAX_LOADS {
        at = ZERO + m.load32(at, Relaxed);
    }
}

/// Waits until `ready` or for about `nanoseconds`; at 0 it only spins. `announce` does so by [`announce`].
#[inline(always)]
pub fn wait<M: Memory>(
    m: M,
    waiters: u32,
    spins: u32,
    nanoseconds: i64,
    announce: impl FnOnce() -> u32,
    ready: impl Fn() -> bool,
) -> i32 {
    for _ in 0..spins {
        if ready() {
            return SPUN;
        }
        relax(m);
    }
    if nanoseconds == 0 {
        return TIMED_OUT;
    }
    let announced = announce();
    if ready() || m.wait32(waiters, announced, nanoseconds) { WOKEN } else { TIMED_OUT }
}

/// The first half of a wait, for threads that must not park: 0 if it is `ready`, otherwise what the waiters word was
/// `announced` to be. It is time to look again when the word is something else.
#[inline(always)]
pub fn prepare(announced: u32, ready: impl FnOnce() -> bool) -> u32 {
    if ready() { 0 } else { announced }
}
