//! Events: counted activations, any number of signalers and waiters.

use super::*;
use ring_verify::modelled::check;
use ring_wasm::codes::CLOSED;
use ring_wasm::event;
use ring_wasm::layout::EVENT_PENDING;

const SIGNALERS: u32 = 2;

fn with_event() -> Arc<Modelled> {
    let mut memory = Modelled::new();
    memory.add_event(OBJECT, SIGNALERS);
    Arc::new(memory)
}

fn pending(m: &Modelled) -> u32 {
    m.load32(OBJECT + EVENT_PENDING, std::sync::atomic::Ordering::SeqCst)
}

fn take(m: &Modelled, own: u32) -> i32 {
    blocking::take(m, OBJECT, own)
}

/// Each activation is taken once; when both signalers are gone, and not before, the event has ended.
#[test]
fn an_event_ends_after_its_activations() {
    check("an event ends after its activations", 3, || {
        let m = with_event();
        let signalers = [0, 1].map(|_| {
            start(&m, |m| {
                event::signal(m, OBJECT);
                event::leave(m, OBJECT);
            })
        });
        assert_eq!([take(&m, 0), take(&m, 0), take(&m, 0)], [DONE, DONE, CLOSED]);
        join(signalers);
    });
}

/// Of two waiters each gets one of two activations: neither sleeps through its own, and no activation counts twice.
#[test]
fn two_waiters_take_one_activation_each() {
    check("two waiters take one activation each", 2, || {
        let m = with_event();
        let waiters = [0, 1].map(|_| start(&m, |m| assert_eq!(take(m, 0), DONE)));
        let signaler = start(&m, |m| event::signal(m, OBJECT));
        event::signal(&*m, OBJECT);
        join(waiters);
        signaler.join().unwrap();
        assert_eq!(pending(&m), 0);
    });
}

/// A reset forgets what was signalled before it and nothing that is signalled after it.
#[test]
fn a_reset_forgets_what_was_before() {
    check("a reset forgets what was before", 4, || {
        let m = with_event();
        event::signal(&*m, OBJECT);
        let signaler = start(&m, |m| {
            event::signal(m, OBJECT);
            event::signal(m, OBJECT);
        });
        event::reset(&*m, OBJECT);
        event::signal(&*m, OBJECT);
        assert_eq!(take(&m, 0), DONE);
        signaler.join().unwrap();
        assert!(pending(&m) <= SIGNALERS);
        event::reset(&*m, OBJECT);
        assert_eq!(pending(&m), 0);
    });
}

/// Two signalers of which each waits for the other: whoever is left alone does not wait for itself.
#[test]
fn the_last_signaler_does_not_wait_for_itself() {
    check("the last signaler does not wait for itself", 4, || {
        let m = with_event();
        let other = start(&m, |m| event::leave(m, OBJECT));
        assert_eq!(take(&m, 1), CLOSED);
        other.join().unwrap();
    });
}
