//! The one way to wait: look, spin, announce, look again, park. The other side wakes only who has announced.
//!
//! A waiters word is 1 while somebody may be parked on it. Who changes what others wait for then calls [`wake`].

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

/// Ordering WAKE: the announcement before the second look. Were the look done first, the other side could change the
/// state and find nobody announced in between, and the waiter would sleep through it.
#[inline(always)]
pub fn announce<M: Memory>(m: M, waiters: u32) {
    m.store32(waiters, 1, SeqCst)
}

/// Ordering WAKE: the caller's change (a SeqCst store) before this load, for the same reason.
///
/// The word is cleared before the notify. A waiter that announces itself again in between finds it cleared and does not
/// park; one that is parked already is woken, and looks again.
#[inline(always)]
pub fn wake<M: Memory>(m: M, waiters: u32) {
    if m.load32(waiters, SeqCst) != 0 {
        m.store32(waiters, 0, SeqCst);
        m.notify(waiters);
    }
}

/// Lets some time pass between two looks. Every look takes the line from the other side's cache; looking without a
/// pause would make its next store wait. WASM has no instruction for a pause, so this follows a chain of loads.
#[inline(always)]
fn relax<M: Memory>(m: M) {
    let mut at = ZERO;
    for _ in 0..RELAX_LOADS {
        at = ZERO + m.load32(at, Relaxed);
    }
}

/// Waits until `ready` or for about `nanoseconds`; at 0 it only spins. `announce` must set the waiters word, by [`announce`].
#[inline(always)]
pub fn wait<M: Memory>(
    m: M,
    waiters: u32,
    spins: u32,
    nanoseconds: i64,
    announce: impl FnOnce(),
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
    announce();
    if ready() || m.wait32(waiters, 1, nanoseconds) { WOKEN } else { TIMED_OUT }
}
