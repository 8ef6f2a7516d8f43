//! When to look at whom.
//!
//! Each customer has a mark: an instant before which nothing of its own can fall due, proven, rounded down to the
//! minute. Marked customers stand in a bucket of their hour. When time reaches a bucket, its customers are looked at
//! closely: those with something due within that hour move to the heap with the exact instant, the others get a later
//! mark. A mark that moves leaves its old entry behind; entries that do not agree with the mark are skipped.
//! Buckets and marks hold indices only, and nothing is moved per event while a mark can stay.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::pages::Pages;
use crate::store::Ix;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;
const MINUTES_PER_HOUR: u32 = 60;

/// The mark of a customer that is not to be looked at.
pub const IDLE: u32 = u32::MAX;
/// In the heap.
const DUE: u32 = u32::MAX - 1;

/// The minute of an instant, held within what a mark can say.
fn minute_of(at: i64) -> u32 {
    u32::try_from(at.div_euclid(MINUTE_MS).max(0))
        .unwrap_or(IDLE)
        .min(DUE - 1)
}

/// What is next.
#[derive(Debug)]
pub enum Next {
    /// Time has reached this hour: look at each customer up to and with `end`.
    Hour {
        /// Those marked in it.
        customers: Vec<Ix>,
        /// Its last millisecond.
        end: i64,
    },
    /// Time has reached this customer's instant.
    Due {
        /// Whom it is about.
        customer: Ix,
        /// The instant, ms UTC.
        at: i64,
    },
}

/// Marks, buckets and heap of one partition.
#[derive(Debug)]
pub struct Agenda {
    marks: Pages<u32>,
    hours: BTreeMap<u32, Vec<Ix>>,
    due: BinaryHeap<Reverse<(i64, Box<str>, Ix)>>,
    /// No entry is earlier.
    next: i64,
}

/// Marks as of one instant, and the minutes of those in the heap.
#[derive(Debug)]
pub struct Marks {
    marks: Pages<u32>,
    due: Vec<(Ix, u32)>,
}

impl Marks {
    /// By index, the instants of the heap rounded down to the minute. The latest ones that are idle may be missing.
    pub fn list(&self) -> Vec<u32> {
        let mut marks: Vec<u32> = self.marks.iter().copied().collect();
        for (ix, minute) in &self.due {
            // Of several entries the earliest holds.
            let mark = &mut marks[ix.0 as usize];
            *mark = (*mark).min(*minute);
        }
        marks
    }
}

impl Default for Agenda {
    fn default() -> Self {
        Self {
            marks: Pages::default(),
            hours: BTreeMap::new(),
            due: BinaryHeap::new(),
            next: i64::MAX,
        }
    }
}

impl Agenda {
    fn mark(&self, ix: Ix) -> u32 {
        self.marks.get(ix.0 as usize).copied().unwrap_or(IDLE)
    }

    fn set(&mut self, ix: Ix, mark: u32) {
        let at = ix.0 as usize;
        if at >= self.marks.len() {
            if mark == IDLE {
                return;
            }
            self.marks.grow(at + 1, IDLE);
        }
        self.marks[at] = mark;
    }

    /// Nothing of this customer falls due before this instant; `i64::MAX` if nothing ever does. In the heap, where
    /// the instant is not known from here, it is the least possible.
    pub fn not_before(&self, ix: Ix) -> i64 {
        match self.mark(ix) {
            IDLE => i64::MAX,
            DUE => i64::MIN,
            minute => i64::from(minute) * MINUTE_MS,
        }
    }

    /// Promises that nothing falls due before `at`.
    pub fn look_at(&mut self, ix: Ix, at: i64) {
        let minute = minute_of(at);
        if self.mark(ix) == minute {
            return;
        }
        self.set(ix, minute);
        let hour = minute / MINUTES_PER_HOUR;
        self.hours.entry(hour).or_default().push(ix);
        self.next = self.next.min(i64::from(hour) * HOUR_MS);
    }

    /// Promises that nothing ever falls due without an event.
    pub fn idle(&mut self, ix: Ix) {
        self.set(ix, IDLE);
    }

    /// Something of this customer falls due exactly at `at`, and nothing before.
    pub fn falls_due(&mut self, ix: Ix, id: &str, at: i64) {
        self.set(ix, DUE);
        self.due.push(Reverse((at, id.into(), ix)));
        self.next = self.next.min(at);
    }

    /// Whether [`next`](Self::next) may have something up to and with `to`.
    pub fn is_due(&self, to: i64) -> bool {
        self.next <= to
    }

    /// Takes what comes first of all that is not later than `to`: hours before instants, instants by customer id.
    /// A customer of an hour is idle until it is marked again.
    pub fn next(&mut self, to: i64) -> Option<Next> {
        loop {
            let hour = self
                .hours
                .first_key_value()
                .map_or(i64::MAX, |(hour, _)| i64::from(*hour) * HOUR_MS);
            let due = self.due.peek().map_or(i64::MAX, |Reverse((at, _, _))| *at);
            self.next = hour.min(due);
            if self.next > to || self.next == i64::MAX {
                return None;
            }
            if hour <= due {
                let (hour, mut customers) = self.hours.pop_first()?;
                customers.retain(|ix| self.take(*ix, hour));
                return Some(Next::Hour {
                    customers,
                    end: (i64::from(hour) + 1) * HOUR_MS - 1,
                });
            }
            let Reverse((at, _, customer)) = self.due.pop()?;
            if self.mark(customer) == DUE {
                return Some(Next::Due { customer, at });
            }
        }
    }

    fn take(&mut self, ix: Ix, hour: u32) -> bool {
        let mark = self.mark(ix);
        let valid = mark < DUE && mark / MINUTES_PER_HOUR == hour;
        if valid {
            self.set(ix, IDLE);
        }
        valid
    }

    /// All marks as of now, without going through them.
    pub fn marks(&self) -> Marks {
        // Entries of customers that are no longer due are void.
        let due = self
            .due
            .iter()
            .map(|Reverse((at, _, ix))| (*ix, minute_of(*at)));
        Marks {
            due: due.filter(|(ix, _)| self.mark(*ix) == DUE).collect(),
            marks: self.marks.clone(),
        }
    }

    /// Sets a mark of an image; says whether it can be one.
    pub fn restore(&mut self, ix: Ix, mark: u32) -> bool {
        if mark < DUE {
            self.look_at(ix, i64::from(mark) * MINUTE_MS);
        }
        mark < DUE
    }

    /// Bytes held, as allocated.
    pub fn memory(&self) -> usize {
        let entries: usize = self
            .hours
            .values()
            .map(|customers| customers.capacity() * size_of::<Ix>() + 48)
            .sum();
        self.marks.memory() + entries + self.due.capacity() * 48
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(agenda: &mut Agenda, to: i64) -> Vec<(i64, u32)> {
        let mut seen = Vec::new();
        while let Some(next) = agenda.next(to) {
            match next {
                Next::Hour { customers, end } => {
                    seen.extend(customers.iter().map(|ix| (end, ix.0)))
                }
                Next::Due { customer, at } => {
                    agenda.idle(customer);
                    seen.push((at, customer.0));
                }
            }
        }
        seen
    }

    #[test]
    fn a_moved_mark_leaves_an_entry_that_is_skipped() {
        let mut agenda = Agenda::default();
        agenda.look_at(Ix(3), 5 * HOUR_MS);
        agenda.look_at(Ix(3), 2 * HOUR_MS + 7);
        assert_eq!(agenda.not_before(Ix(3)), 2 * HOUR_MS);
        assert!(!agenda.is_due(2 * HOUR_MS - 1));
        assert_eq!(drain(&mut agenda, 9 * HOUR_MS), [(3 * HOUR_MS - 1, 3)]);
        assert_eq!(agenda.not_before(Ix(3)), i64::MAX);
    }

    #[test]
    fn equal_instants_come_by_customer_id_not_by_index() {
        let mut agenda = Agenda::default();
        for (ix, id) in [(1, "zoe"), (2, "amy"), (3, "Zoe")] {
            agenda.falls_due(Ix(ix), id, 1_000);
        }
        agenda.falls_due(Ix(0), "zz", 999);
        assert_eq!(
            drain(&mut agenda, 1_000),
            [(999, 0), (1_000, 3), (1_000, 2), (1_000, 1)]
        );
    }

    #[test]
    fn marks_past_the_year_9999_do_not_wrap() {
        let mut agenda = Agenda::default();
        agenda.look_at(Ix(0), i64::MAX - 1);
        agenda.look_at(Ix(1), -5);
        assert_eq!(agenda.not_before(Ix(1)), 0);
        assert!(agenda.not_before(Ix(0)) > 253_402_300_800_000);
    }
}
