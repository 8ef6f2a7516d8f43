//! The events of one made-up customer: who, which visit, and the running number that makes their order total.

use super::customer::Day;
use super::event::{Event, What};
use super::random::Random;

pub(super) fn customer_id(number: u32) -> String {
    format!("c{number:07}")
}

/// What the next event of a customer is numbered with.
#[derive(Debug)]
pub(super) struct Trail {
    customer: u32,
    seq: u32,
    session: u32,
}

impl Trail {
    pub(super) fn new(customer: u32) -> Self {
        Self {
            customer,
            seq: 0,
            session: 0,
        }
    }

    pub(super) fn customer(&self) -> u32 {
        self.customer
    }

    /// Whether nothing has happened yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.seq == 0
    }

    pub(super) fn begin_session(&mut self) {
        self.session += 1;
    }

    /// A moment of this day near the customer's own hour; early enough that all of it ends before midnight.
    pub(super) fn start_session(&mut self, random: &mut Random, hour: f64, day: Day) -> i64 {
        self.begin_session();
        let hour = (hour + 2.5 * random.normal()).clamp(0.2, 21.0);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "less than a day of milliseconds"
        )]
        let offset = (hour * 3_600_000.0) as i64;
        day.from_ms + offset + i64::from(random.whole(0, 599_999))
    }

    /// Emits and returns the moment of the next step. Most events arrive at once, one in eight a few minutes late.
    pub(super) fn emit(
        &mut self,
        random: &mut Random,
        ts: i64,
        what: What,
        out: &mut Vec<Event>,
    ) -> i64 {
        let delay = if random.chance(0.125) {
            random.whole(4_000, 240_000)
        } else {
            random.whole(0, 3_000)
        };
        out.push(Event {
            arrival: ts + i64::from(delay),
            customer: self.customer,
            seq: self.seq,
            ts,
            session: self.session,
            what,
        });
        self.seq += 1;
        ts + i64::from(random.whole(4_000, 75_000))
    }
}
