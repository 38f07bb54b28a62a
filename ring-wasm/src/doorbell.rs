//! Doorbells: how one thread waits for any of several things.
//!
//! A doorbell is a waiters word of its own, on which only its thread parks. The thread announces itself there, enlists the
//! doorbell with everything that it waits for, looks at all of it again, and parks. Whoever changes one of the things rings
//! the doorbells that are enlisted with it.
//!
//! Each party of a ring, an event or a queue has one slot for the address of its doorbell, so the list of doorbells takes
//! memory that is known beforehand, and a thread that dies leaves nothing in it that does harm. A slot keeps its doorbell
//! once it has one. The bit BELLS of the waiters word, which the next change clears, says that the slots must be walked.

use crate::memory::Memory;
use crate::waiting::{BELLS, announce, wake_parked};
use core::sync::atomic::Ordering::Relaxed;

/// The slots that belong to one waiters word, `stride` bytes from one to the next. Each holds the address of a doorbell, or
/// 0.
#[derive(Clone, Copy)]
pub struct Bells {
    pub first: u32,
    pub stride: u32,
    pub count: u32,
}

impl Bells {
    /// One slot.
    #[inline(always)]
    pub fn one(slot: u32) -> Self {
        Self { first: slot, stride: 0, count: 1 }
    }

    /// Rings all of them.
    ///
    /// Ordering BELL: the caller's exchange of the waiters word before these loads. A thread whose `enlist` comes before that
    /// exchange is seen here, with its announcement on the doorbell; one whose `enlist` comes after it finds the change when
    /// it looks again.
    #[inline(always)]
    pub fn ring<M: Memory>(self, m: M) {
        self.each(m, |bell| wake_parked(m, bell));
    }

    /// As [`ring`](Self::ring), and wakes those as well whom somebody was about to notify who has died before that.
    #[inline(always)]
    pub fn ring_again<M: Memory>(self, m: M) {
        self.each(m, |bell| {
            wake_parked(m, bell);
            m.notify(bell);
        });
    }

    #[inline(always)]
    fn each<M: Memory>(self, m: M, use_bell: impl Fn(u32)) {
        for index in 0..self.count {
            let bell = m.load32(self.first + index * self.stride, Relaxed);
            if bell != 0 {
                use_bell(bell);
            }
        }
    }
}

/// Puts a doorbell into a party's slot, and asks on the waiters word that it be rung at the next change. Its thread has
/// announced itself on the doorbell before, and looks again afterwards.
///
/// Ordering BELL: the announcement and the slot before this exchange; see [`Bells::ring`].
#[inline(always)]
pub fn enlist<M: Memory>(m: M, waiters: u32, slot: u32, bell: u32) {
    if m.load32(slot, Relaxed) != bell {
        m.store32(slot, bell, Relaxed);
    }
    m.or32(waiters, BELLS);
}

/// Whether something is `ready`. If not, the doorbell `bell` (0: none) is enlisted, so that it rings when it may be.
#[inline(always)]
pub fn watch<M: Memory>(m: M, bell: u32, waiters: u32, slot: u32, ready: impl Fn() -> bool) -> i32 {
    if bell != 0 && !ready() {
        enlist(m, waiters, slot, bell);
    }
    i32::from(ready())
}

/// Announces that the doorbell's thread is about to park on it: the word to park on, once nothing was found ready.
pub fn prepare<M: Memory>(m: M, bell: u32) -> u32 {
    announce(m, bell)
}

/// Parks on what [`prepare`] has returned, for at most `nanoseconds`. True unless the time ran out.
pub fn park<M: Memory>(m: M, bell: u32, announced: u32, nanoseconds: i64) -> bool {
    m.wait32(bell, announced, nanoseconds)
}
