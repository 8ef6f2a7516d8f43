//! Tickets of a period: what was opened, answered and solved in it.

use serde::{Deserialize, Serialize};

use crate::rate::percent;

/// First answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// Tickets that got one.
    pub answered: u64,
    /// Those that got it within 60 seconds, just 60 included.
    pub quick: u64,
    /// From opening to the answer, summed over them, in milliseconds.
    pub waited_ms: u64,
}

/// Sums over tickets, each counted when it happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tickets {
    /// Opened.
    pub opened: u64,
    /// First answers by anybody.
    pub first: Answers,
    /// First answers by machines.
    pub bot: Answers,
    /// First answers by people.
    pub human: Answers,
    /// First answers by people that were slow.
    pub slow: u64,
    /// Solved.
    pub resolved: u64,
    /// Solved after the customer had asked once.
    pub at_first_contact: u64,
}

/// Tickets of a period over all customers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct KpiService {
    /// Tickets opened in it.
    pub tickets: u64,
    /// Tickets by orders; none without an order.
    pub per_order: Option<f64>,
    /// First answers given in it, by anybody.
    pub first: KpiAnswers,
    /// First answers by machines.
    pub bot: KpiAnswers,
    /// First answers by people.
    pub human: KpiAnswers,
    /// First answers by people that were slow.
    pub slow: u64,
    /// Tickets solved in it.
    pub solved: u64,
    /// Percent of those that took one contact.
    pub solved_at_first_contact: Option<f64>,
}

/// First answers that were given in a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct KpiAnswers {
    /// How many.
    pub answered: u64,
    /// Percent of them that came within 60 seconds, just 60 included.
    pub within_60s: Option<f64>,
    /// Mean seconds that they took.
    pub mean_seconds: Option<f64>,
}

impl Answers {
    fn add(&mut self, other: &Self) {
        self.answered += other.answered;
        self.quick += other.quick;
        self.waited_ms = self.waited_ms.saturating_add(other.waited_ms);
    }

    fn figures(&self) -> KpiAnswers {
        let mean = || self.waited_ms as f64 / 1_000.0 / self.answered as f64;
        KpiAnswers {
            answered: self.answered,
            within_60s: percent(self.quick, self.answered),
            mean_seconds: (self.answered > 0).then(mean),
        }
    }
}

impl Tickets {
    pub(super) fn add(&mut self, other: &Self) {
        self.opened += other.opened;
        self.first.add(&other.first);
        self.bot.add(&other.bot);
        self.human.add(&other.human);
        self.slow += other.slow;
        self.resolved += other.resolved;
        self.at_first_contact += other.at_first_contact;
    }

    pub(super) fn figures(&self, orders: u64) -> KpiService {
        KpiService {
            tickets: self.opened,
            per_order: (orders > 0).then(|| self.opened as f64 / orders as f64),
            first: self.first.figures(),
            bot: self.bot.figures(),
            human: self.human.figures(),
            slow: self.slow,
            solved: self.resolved,
            solved_at_first_contact: percent(self.at_first_contact, self.resolved),
        }
    }
}
