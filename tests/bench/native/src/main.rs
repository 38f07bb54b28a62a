//! The floor of Ringmill's benchmarks: two native threads that do the same. Prints one line of JSON.
//!
//!     native-floor latency KIND ROUNDS          nanoseconds of a round trip, «spin» or «park»: p50, p99, p99.9
//!     native-floor copy BYTES FRAMES WINDOW     nanoseconds per frame through a ring between two threads
//!     native-floor memcpy BYTES FRAMES WINDOW   nanoseconds per frame in and out of such a ring's memory, in one thread

mod ring;

use ring::{Bytes, Line, Ring};
use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::thread::{self, Thread};
use std::time::Instant;

const WARM_UP: usize = 1000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| -> usize {
        let given = arguments.get(at).map(String::as_str).unwrap_or_default();
        given.parse().unwrap_or_else(|_| panic!("expected a number, received {given:?}"))
    };
    match arguments.first().map(String::as_str) {
        Some("latency") => {
            let wait = if arguments[1] == "park" { thread::park } else { spin_loop };
            println!("{:?}", round_trips(number(2), wait));
        }
        Some("copy") => println!("{}", copy(number(1), number(2), number(3))),
        Some("memcpy") => println!("{}", memcpy(number(1), number(2), number(3))),
        other => panic!("expected latency, copy or memcpy, received {other:?}"),
    }
}

/// A number that two threads raise in turn, and the thread to wake when it was raised.
type Turn = Line<AtomicUsize>;

/// Waits for one's turn, takes it, and wakes the other, which costs nothing unless it parks. (The standard library parks
/// by a futex, as the engine does.)
fn take(turn: &Turn, expected: usize, wait: fn(), other: &Thread) {
    while turn.0.load(Acquire) != expected {
        wait();
    }
    turn.0.store(expected + 1, Release);
    if wait as *const () == thread::park as *const () {
        other.unpark();
    }
}

/// The p50, p99 and p99.9 of round trips, in nanoseconds.
fn round_trips(rounds: usize, wait: fn()) -> [f64; 3] {
    let turn: Turn = Line(AtomicUsize::new(0));
    let total = rounds + WARM_UP;
    let main = thread::current();
    let mut times = Vec::with_capacity(total);
    thread::scope(|scope| {
        let peer = scope.spawn(|| (0..total).for_each(|n| take(&turn, 2 * n + 1, wait, &main)));
        for n in 0..total {
            let start = Instant::now();
            take(&turn, 2 * n, wait, peer.thread());
            while turn.0.load(Acquire) != 2 * n + 2 {
                wait();
            }
            times.push(start.elapsed().as_nanos() as f64);
        }
    });
    let mut counted = times.split_off(WARM_UP);
    counted.sort_by(f64::total_cmp);
    [0.5, 0.99, 0.999].map(|share| counted[(share * (rounds - 1) as f64) as usize])
}

fn copy(bytes: usize, frames: usize, window: usize) -> f64 {
    let ring = Ring::new(bytes, window);
    let mut sum = 0;
    let mut time = 0.0;
    thread::scope(|scope| {
        scope.spawn(|| {
            let (from, mut room) = (Bytes::new(bytes), window);
            for n in 0..frames {
                // SAFETY: this thread's own.
                unsafe { *from.at(0) = n as u8 };
                ring.write(n, &mut room, from.at(0));
            }
        });
        let (to, mut seen, mut start) = (Bytes::new(bytes), 0, Instant::now());
        for n in 0..frames {
            ring.read(n, &mut seen, to.at(0));
            if n == 0 {
                start = Instant::now();
            }
            // SAFETY: this thread's own.
            sum += usize::from(unsafe { *to.at(0) });
        }
        time = start.elapsed().as_nanos() as f64 / (frames - 1) as f64;
    });
    assert_eq!(sum, (0..frames).map(|n| n & 255).sum(), "frames were lost, doubled or torn");
    time
}

fn memcpy(bytes: usize, frames: usize, window: usize) -> f64 {
    let (from, to, slots) = (Bytes::new(bytes), Bytes::new(bytes), Bytes::new(bytes * window));
    let mut sum = 0;
    let start = Instant::now();
    for n in 0..frames {
        let slot = black_box(slots.at(n % window * bytes));
        // SAFETY: all three are this thread's own, and do not overlap.
        unsafe {
            *from.at(0) = n as u8;
            slot.copy_from_nonoverlapping(black_box(from.at(0)), bytes);
            black_box(to.at(0)).copy_from_nonoverlapping(slot, bytes);
            sum += usize::from(*to.at(0));
        }
    }
    let time = start.elapsed().as_nanos() as f64 / frames as f64;
    assert_eq!(sum, (0..frames).map(|n| n & 255).sum(), "the copy is wrong");
    time
}
