//! The way from the sign-up to first value: how many get there, and how soon.

use holdfast_events::EventType;
use serde::Serialize;

use crate::act::Customer;
use crate::orders::Again;
use crate::rate::{median, percent};
use crate::terms::{DAY_MS, Terms};

/// Days within which first value is looked for.
const WITHIN_DAYS: [u32; 7] = [1, 3, 7, 14, 30, 60, 90];

/// Sums over customers who signed up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Activation {
    signed_up: u64,
    gaps_ms: Vec<i64>,
    /// By [`WITHIN_DAYS`]: who signed up so long ago, and who of them had come to first value by then.
    within: [Again; WITHIN_DAYS.len()],
}

/// The way from the sign-up to first value, which is a purchase or an `activate`. Who had that before signing up is left
/// out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ActivationFigures {
    /// Customers who signed up.
    pub signed_up: u64,
    /// Of them, who came to first value.
    pub activated: u64,
    /// Median days that it took.
    pub median_days: Option<f64>,
    /// The curve.
    pub share_within: Vec<ActivatedWithin>,
}

/// A point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ActivatedWithin {
    /// Days after the sign-up.
    pub days: u32,
    /// Customers whose sign-up is at least so many days before the end of the events.
    pub signed_up: u64,
    /// Percent of them who came to first value within those days.
    pub percent: Option<f64>,
}

fn is_value(kind: EventType) -> bool {
    matches!(kind, EventType::Activate | EventType::Purchase)
}

impl Activation {
    pub(crate) fn fold(&mut self, customer: &Customer<'_>, terms: &Terms) {
        let mut acts = customer.acts.iter();
        // Whichever comes first of both.
        let Some(first) = acts.find(|act| is_value(act.kind) || act.kind == EventType::SignUp)
        else {
            return;
        };
        if first.kind != EventType::SignUp {
            return;
        }
        let gap = acts
            .find(|act| is_value(act.kind))
            .map(|act| act.ts - first.ts);
        self.signed_up += 1;
        self.gaps_ms.extend(gap);
        let (_, last_ms) = terms.calendar.events_ms();
        for (within, days) in self.within.iter_mut().zip(WITHIN_DAYS) {
            within.count(first.ts, last_ms, gap, i64::from(days) * DAY_MS);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.signed_up += other.signed_up;
        self.gaps_ms.extend_from_slice(&other.gaps_ms);
        for (sum, more) in self.within.iter_mut().zip(other.within) {
            sum.add(more);
        }
    }

    pub(crate) fn figures(&self) -> ActivationFigures {
        let points = WITHIN_DAYS.iter().zip(self.within);
        ActivationFigures {
            signed_up: self.signed_up,
            activated: self.gaps_ms.len() as u64,
            median_days: median(&self.gaps_ms).map(|ms| ms / DAY_MS as f64),
            share_within: points
                .map(|(days, within)| ActivatedWithin {
                    days: *days,
                    signed_up: within.of,
                    percent: percent(within.again, within.of),
                })
                .collect(),
        }
    }
}
