//! The memory of a thread that dies after so many stores.

use ring_wasm::memory::Memory;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering;

/// What unwinds a thread that dies.
struct Death;

/// A memory until death.
#[derive(Clone, Copy)]
pub struct Mortal<'a, M> {
    memory: M,
    /// Stores that are left.
    left: &'a Cell<u32>,
}

/// Does `part` on a memory, for no longer than `stores` stores: what it returns, if it lives to.
pub fn live<M: Memory, T>(memory: M, stores: u32, part: impl FnOnce(Mortal<'_, M>) -> T) -> Option<T> {
    let left = Cell::new(stores);
    let life = AssertUnwindSafe(|| part(Mortal { memory, left: &left }));
    match catch_unwind(life) {
        Ok(value) => Some(value),
        Err(reason) if reason.is::<Death>() => None,
        Err(reason) => resume_unwind(reason),
    }
}

impl<M: Memory> Mortal<'_, M> {
    /// The memory for one more store.
    fn store(self) -> M {
        if self.left.get() == 0 {
            resume_unwind(Box::new(Death));
        }
        self.left.set(self.left.get() - 1);
        self.memory
    }
}

impl<M: Memory> Memory for Mortal<'_, M> {
    const PATIENCE: u32 = M::PATIENCE;

    fn get32(self, at: u32) -> u32 {
        self.memory.get32(at)
    }

    fn set32(self, at: u32, value: u32) {
        self.store().set32(at, value);
    }

    fn get64(self, at: u32) -> u64 {
        self.memory.get64(at)
    }

    fn set64(self, at: u32, value: u64) {
        self.store().set64(at, value);
    }

    fn load32(self, at: u32, order: Ordering) -> u32 {
        self.memory.load32(at, order)
    }

    fn store32(self, at: u32, value: u32, order: Ordering) {
        self.store().store32(at, value, order);
    }

    fn load64(self, at: u32, order: Ordering) -> u64 {
        self.memory.load64(at, order)
    }

    fn store64(self, at: u32, value: u64, order: Ordering) {
        self.store().store64(at, value, order);
    }

    fn replace32(self, at: u32, old: u32, new: u32) -> bool {
        self.store().replace32(at, old, new)
    }

    fn replace64(self, at: u32, old: u64, new: u64) -> bool {
        self.store().replace64(at, old, new)
    }

    fn or32(self, at: u32, bits: u32) -> u32 {
        self.store().or32(at, bits)
    }

    fn fence(self) {
        self.memory.fence();
    }

    fn copy(self, to: u32, from: u32, length: u32) {
        self.store().copy(to, from, length);
    }

    /// Word by word: death may come in between.
    fn clear(self, at: u32, length: u32) {
        (at..at + length).step_by(4).for_each(|at| self.store().clear(at, 4));
    }

    fn wait32(self, at: u32, expected: u32, nanoseconds: i64) -> bool {
        self.memory.wait32(at, expected, nanoseconds)
    }

    fn notify(self, at: u32) {
        self.store().notify(at);
    }
}
