//! What loom explores. Each model states its property; `../../mutants.ts` lists the broken cores that it must catch.

mod doorbells;
mod dying;
mod events;
mod joining;
mod passing;
mod queues;
mod stream;
mod waiting;

use loom::thread::{JoinHandle, spawn};
use ring_verify::blocking;
use ring_verify::modelled::{Data, Modelled};
use ring_wasm::codes::DONE;
use ring_wasm::layout::{ARENA, LINE};
use ring_wasm::memory::Memory;
use ring_wasm::ring;
use std::sync::Arc;

/// Where the ring or the event of a model lies.
const OBJECT: u32 = ARENA;
/// Where the threads have a line each for their frames.
const SCRATCH: u32 = 1 << 16;
/// loom has no more than 5.
const THREADS: u32 = 5;

/// A frame is two words, so that it can be torn.
const FRAME: u32 = 8;
/// A ring has two slots.
const CAPACITY: u32 = 2 * FRAME;

/// Adds a ring of two slots, and lines for the frames of its threads.
fn with_ring(mut memory: Modelled, readers: u32, data: Data) -> Arc<Modelled> {
    memory.plain(SCRATCH, THREADS * LINE);
    memory.add_ring(OBJECT, CAPACITY, readers, data);
    Arc::new(memory)
}

/// The address of a reader.
fn reader(index: u32) -> u32 {
    ring::reader(OBJECT, index)
}

/// Runs a part of the model as a thread.
fn start<T: 'static>(memory: &Arc<Modelled>, part: impl FnOnce(&Modelled) -> T + 'static) -> JoinHandle<T> {
    let memory = memory.clone();
    spawn(move || part(&memory))
}

fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
}

fn scratch(thread: u32) -> u32 {
    SCRATCH + thread * LINE
}

/// The writer's thread is 0 in what follows, that of the reader with index i is i + 1.
const WRITER: u32 = 0;

/// Makes a frame of a number in the writer's line, and returns its address.
fn frame(m: &Modelled, number: u32) -> u32 {
    let at = scratch(WRITER);
    m.set32(at, number);
    m.set32(at + 4, number);
    at
}

/// Writes a frame as soon as there is room.
fn write(m: &Modelled, number: u32) {
    assert!(blocking::write(m, OBJECT, frame(m, number), FRAME) >= DONE);
}

/// Reads a frame as soon as one is there: its code, DONE where it is whole.
fn read(m: &Modelled, index: u32) -> i32 {
    blocking::read(m, OBJECT, reader(index), scratch(index + 1), FRAME)
}

/// The number of the frame that a reader has read last, which must be whole.
fn number(m: &Modelled, index: u32) -> u32 {
    let at = scratch(index + 1);
    assert_eq!(m.get32(at), m.get32(at + 4), "a torn frame");
    m.get32(at)
}
