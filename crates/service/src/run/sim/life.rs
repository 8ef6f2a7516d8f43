//! What is known of one life of a process, and what is counted of all of them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::run::Stop;

/// What happened, to show that it did.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) commits: u64,
    pub(super) aborted: u64,
    pub(super) unheard: u64,
    pub(super) late: u64,
    pub(super) timed_out: u64,
    pub(super) killed: u64,
    pub(super) stopped: u64,
    pub(super) doubled: u64,
    pub(super) evicted: u64,
    pub(super) frozen: u64,
    pub(super) assigned: u64,
    pub(super) revoked: u64,
    pub(super) lost: u64,
    pub(super) restored: u64,
    pub(super) rebuilt: u64,
    pub(super) damaged: u64,
    pub(super) unwritten: u64,
    pub(super) reloaded: u64,
    pub(super) ticks: u64,
}

impl Counts {
    fn each(&mut self) -> [&mut u64; 19] {
        [
            &mut self.commits,
            &mut self.aborted,
            &mut self.unheard,
            &mut self.late,
            &mut self.timed_out,
            &mut self.killed,
            &mut self.stopped,
            &mut self.doubled,
            &mut self.evicted,
            &mut self.frozen,
            &mut self.assigned,
            &mut self.revoked,
            &mut self.lost,
            &mut self.restored,
            &mut self.rebuilt,
            &mut self.damaged,
            &mut self.unwritten,
            &mut self.reloaded,
            &mut self.ticks,
        ]
    }

    pub(super) fn add(&mut self, other: &Self) {
        let mut other = *other;
        for (sum, more) in self.each().into_iter().zip(other.each()) {
            *sum += *more;
        }
    }

    /// Whether each of it happened.
    pub(super) fn is_everything_there(mut self) -> bool {
        self.each().iter().all(|count| **count > 0)
    }
}

/// One life of a process.
pub(super) struct Life {
    pub(super) serial: u64,
    pub(super) slot: u32,
    dead: AtomicBool,
    pub(super) stop: Stop,
    pub(super) frozen: AtomicBool,
    /// Its workers have as much to do as may wait.
    pub(super) full: AtomicBool,
    /// In the middle of a commit.
    pub(super) committing: AtomicBool,
    /// How many of its waits are going on, and how often more they will be in vain.
    pub(super) waiting: AtomicUsize,
    pub(super) impatience: AtomicUsize,
}

impl Life {
    pub(super) fn new(serial: u64, slot: u32) -> Self {
        Self {
            serial,
            slot,
            dead: AtomicBool::new(false),
            stop: Stop::new(),
            frozen: AtomicBool::new(false),
            full: AtomicBool::new(false),
            committing: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            impatience: AtomicUsize::new(0),
        }
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Relaxed)
    }

    pub(super) fn end(&self) {
        self.dead.store(true, Ordering::Relaxed);
        // What tries again and again would not end otherwise.
        self.stop.request();
    }
}
