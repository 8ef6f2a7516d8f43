//! The formulas over what was sold, how the customer was served and what it said.

use super::{Formulas, Moment};
use crate::day_of_ms;
use crate::registry::Served;
use crate::stats::Stats;

impl Formulas<'_> {
    pub(super) fn served(&self, served: Served, stats: &Stats, down: Moment<'_>) -> f64 {
        let (s, first) = (&stats.service, &stats.first_order);
        let decayed = |value: f32| stats.other_at(value, day_of_ms(down.now));
        match served {
            Served::LinesPerOrder => part(s.lines, s.purchases),
            // What was paid and what was taken off: the price.
            Served::DiscountShare => part(s.discount, s.discount + stats.spent[2]),
            Served::Unresolved => f64::from(s.contacts.saturating_sub(s.solved)),
            Served::Ratings => f64::from(s.rated),
            Served::Shortfall if s.rated > 0 => (100.0 - f64::from(s.rating)) / 100.0,
            Served::Shortfall => 0.0,
            Served::Clicks => decayed(s.clicks),
            Served::Late => decayed(s.late),
            Served::PlanChanges => decayed(s.plan_changes),
            Served::FirstContacts => f64::from(first.contacts),
            Served::FirstRefunds => f64::from(first.refunds),
            Served::FirstLate => f64::from(first.late),
            Served::FirstShortfall => f64::from(first.shortfall) / 100.0,
        }
    }
}

fn part(of: f32, whole: f32) -> f64 {
    if whole > 0.0 {
        f64::from(of) / f64::from(whole)
    } else {
        0.0
    }
}
