//! The ring core of Ringmill: the algorithms on shared memory, and nothing else.
//!
//! Leaf functions on addresses and integers: no statics, no allocator, no panics, no stack in memory. Every worker runs
//! its own instance of the module on the same memory, so whatever an instance kept in memory for itself would be
//! overwritten by the others.

#![cfg_attr(target_arch = "wasm32", no_std)]
#![cfg_attr(target_arch = "wasm32", feature(stdarch_wasm_atomic_wait))]

pub mod claims;
pub mod codes;
pub mod consumer;
pub mod doorbell;
pub mod dropping;
pub mod event;
pub mod layout;
pub mod memory;
pub mod place;
pub mod producer;
pub mod queue;
pub mod reader;
pub mod ring;
pub mod turn;
pub mod unblocking;
pub mod waiting;
pub mod waking;
pub mod writer;

#[cfg(target_arch = "wasm32")]
mod exports;
#[cfg(target_arch = "wasm32")]
mod wasm;
