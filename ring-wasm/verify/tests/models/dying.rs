//! Parties of a record queue that die, between any two of their stores: what they had begun is given up exactly, what they
//! had finished stays, and nobody waits for them.

use super::queues::{BAND, LENGTH, fill, free, number_at, offer, with_queue};
use super::*;
use ring_verify::modelled::check_all;
use ring_verify::mortal::{Mortal, live};
use ring_wasm::codes::{CLOSED, NOT_READY};
use ring_wasm::{consumer, producer, queue, unblocking};

/// A producer and a consumer store less often than this.
const MOST_STORES: u32 = 24;

/// Offers a record, if there is room: whether there was.
fn try_offer<M: Memory>(m: M, party: u32, number: u32) -> bool {
    let offset = producer::claim(m, OBJECT, party, BAND, LENGTH);
    if offset >= 0 {
        fill(m, offset, number);
        producer::commit(m, OBJECT, party);
    }
    offset >= 0
}

/// Takes a record, if there is one: its number.
fn try_take<M: Memory>(m: M, party: u32) -> Option<u32> {
    let offset = consumer::look(m, OBJECT, party);
    (offset >= 0).then(|| {
        let number = number_at(m, offset);
        consumer::free(m, OBJECT, party);
        number
    })
}

/// Starts a thread that dies after so many stores. It comes to nothing then.
fn start_mortal<T: 'static>(
    m: &Arc<Modelled>,
    stores: u32,
    part: impl FnOnce(Mortal<'_, &Modelled>) -> T + 'static,
) -> JoinHandle<Option<T>> {
    start(m, move |m| live(m, stores, part))
}

/// Cleans up after a party that is dead, as soon as nobody else has the turn.
fn unblock(m: &Modelled, party: u32) {
    while unblocking::unblock(m, OBJECT, party) == NOT_READY {
        loom::thread::yield_now();
    }
}

/// Takes what is left, until nothing is there.
fn drain(m: &Modelled, party: u32) -> Vec<u32> {
    let mut numbers = Vec::new();
    loop {
        let offset = consumer::look(m, OBJECT, party);
        if offset < 0 {
            return numbers;
        }
        numbers.push(free(m, party, offset));
    }
}

/// The queue is as good as new: all its room is there, and no more.
fn assert_whole(m: &Modelled, party: u32) {
    assert_eq!(queue::depth(m, OBJECT), 0);
    offer(m, party, 7);
    offer(m, party, 8);
    assert_eq!(producer::claim(m, OBJECT, party, BAND, LENGTH), NOT_READY);
    assert_eq!(drain(m, party), [7, 8]);
    assert_eq!(queue::bytes_queued(m, OBJECT), 0);
}

/// A queue that both producers have used before, the first of them last.
fn used_queue() -> Arc<Modelled> {
    let m = with_queue(Modelled::new(), 2, &[BAND]);
    for party in [0, 1, 0] {
        offer(&m, party, 9);
        assert_eq!(drain(&m, 2), [9]);
    }
    m
}

/// A producer dies. The other one's record comes once, its own comes if it was published, and no room is lost.
#[test]
fn a_producer_dies() {
    let models = (1..MOST_STORES).map(|stores| {
        move || {
            let m = used_queue();
            let dying = start_mortal(&m, stores, |m| try_offer(m, 0, 1));
            let other = start(&m, |m| offer(m, 1, 2));
            let is_offered = dying.join().unwrap() == Some(true);
            unblock(&m, 0);
            other.join().unwrap();
            let numbers = drain(&m, 2);
            assert_eq!(numbers.iter().filter(|&&number| number == 2).count(), 1, "{numbers:?}");
            assert!(numbers.contains(&1) || !is_offered, "lost: {numbers:?}");
            assert!(numbers.len() <= 2, "doubled: {numbers:?}");
            assert_whole(&m, 0);
        }
    });
    check_all("a producer dies", 2, models);
}

/// A consumer that waits for what a dead producer had claimed goes on with what comes after.
#[test]
fn a_consumer_outlives_a_producer() {
    let models = (1..MOST_STORES).map(|stores| {
        move || {
            let m = with_queue(Modelled::new(), 2, &[BAND]);
            let dying = start_mortal(&m, stores, |m| try_offer(m, 0, 1));
            let consumer = start(&m, |m| {
                let mut last = 0;
                loop {
                    let offset = blocking::look(m, OBJECT, 2);
                    if offset == CLOSED {
                        return last;
                    }
                    last = free(m, 2, offset);
                }
            });
            dying.join().unwrap();
            offer(&m, 1, 2);
            queue::close(&*m, OBJECT);
            unblock(&m, 0);
            assert_eq!(consumer.join().unwrap(), 2);
        }
    });
    check_all("a consumer outlives a producer", 1, models);
}

/// Two producers die at once, perhaps each while it claims the same place. No more than what they published comes.
#[test]
fn two_producers_die() {
    let models = (1..12).flat_map(|first| (1..12).map(move |second| (first, second))).map(|(first, second)| {
        move || {
            let m = used_queue();
            let dying = [first, second].into_iter().zip(0..);
            let dying: Vec<_> =
                dying.map(|(stores, party)| start_mortal(&m, stores, move |m| try_offer(m, party, party))).collect();
            let are_offered: Vec<bool> = dying.into_iter().map(|thread| thread.join().unwrap() == Some(true)).collect();
            unblock(&m, 1);
            unblock(&m, 0);
            let numbers = drain(&m, 2);
            for (number, is_offered) in (0..).zip(are_offered) {
                assert!(numbers.contains(&number) || !is_offered, "lost: {numbers:?}");
            }
            assert_whole(&m, 0);
        }
    });
    check_all("two producers die", 2, models);
}

/// A consumer dies. What it had not begun to free is the other's, who has waited for it; nothing is taken twice.
#[test]
fn a_consumer_dies() {
    let models = (1..MOST_STORES).map(|stores| {
        move || {
            let m = with_queue(Modelled::new(), 2, &[BAND]);
            offer(&m, 0, 1);
            offer(&m, 0, 2);
            queue::close(&*m, OBJECT);
            let dying = start_mortal(&m, stores, |m| try_take(m, 1));
            let other = start(&m, |m| {
                let mut numbers = Vec::new();
                loop {
                    let offset = blocking::look(m, OBJECT, 2);
                    if offset == CLOSED {
                        return numbers;
                    }
                    numbers.push(free(m, 2, offset));
                }
            });
            let taken = dying.join().unwrap().flatten();
            unblock(&m, 1);
            let rest = other.join().unwrap();
            assert!(rest.is_sorted(), "out of order: {rest:?}");
            assert!(taken.is_none_or(|number| !rest.contains(&number)), "taken twice: {taken:?}, {rest:?}");
            assert!(rest.len() >= 1, "more is lost than the dead consumer had taken: {rest:?}");
            assert_eq!(queue::bytes_queued(&*m, OBJECT), 0);
            assert_eq!(queue::depth(&*m, OBJECT), 0);
        }
    });
    check_all("a consumer dies", 2, models);
}

/// A producer that waits for room goes on once a dead consumer is cleaned up after.
#[test]
fn a_producer_outlives_a_consumer() {
    let models = (1..MOST_STORES).map(|stores| {
        move || {
            let m = with_queue(Modelled::new(), 1, &[BAND]);
            offer(&m, 0, 1);
            let dying = start_mortal(&m, stores, |m| try_take(m, 1));
            let producer = start(&m, |m| offer(m, 0, 2));
            dying.join().unwrap();
            unblock(&m, 1);
            let mut last = 0;
            while last != 2 {
                let offset = blocking::look(&*m, OBJECT, 2);
                last = free(&m, 2, offset);
            }
            producer.join().unwrap();
        }
    });
    check_all("a producer outlives a consumer", 2, models);
}
