//! What the customer was sold, how it was served and what it said, in the statistics.

use super::{BASKET_LIFE, NEWEST, OTHER_LIFE, Stats, add};
use crate::days::Day;
use crate::words::Detail;

/// Days after the first order in which what happens is told of that order, if no second one comes before.
const FIRST_ORDER_DAYS: u16 = 60;

/// What became of the first order: events, as far as 255 of them, and its worst rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct FirstOrder {
    pub(crate) day: u16,
    pub(crate) contacts: u8,
    /// Refunds and returns.
    pub(crate) refunds: u8,
    pub(crate) late: u8,
    /// Points of a hundred that its worst rating lacks.
    pub(crate) shortfall: u8,
}

/// Decayed numbers and opinions.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Service {
    /// Decayed purchases, their different goods and discounts in major units; half-life of a year.
    pub(crate) purchases: f32,
    pub(crate) lines: f32,
    pub(crate) discount: f32,
    /// Decayed clicks, late deliveries and plan changes; half-life of 90 days.
    pub(crate) clicks: f32,
    pub(crate) late: f32,
    pub(crate) plan_changes: f32,
    /// Moving average over days with a rating, in per cent of the scale.
    pub(crate) rating: f32,
    /// Days with a rating.
    pub(crate) rated: u16,
    /// Support contacts, and tickets solved.
    pub(crate) contacts: u16,
    pub(crate) solved: u16,
}

impl Stats {
    /// Takes in a day whose purchases are in.
    pub(super) fn serve(&mut self, day: &Day, minor_per_major: f64) {
        let service = &mut self.service;
        add(&mut service.purchases, day.purchases as f64);
        add(&mut service.lines, day.detail(Detail::Lines) as f64);
        let discount = day.detail(Detail::Discount) as f64 / minor_per_major;
        add(&mut service.discount, discount);
        add(&mut service.clicks, day.detail(Detail::Clicks) as f64);
        add(&mut service.late, day.detail(Detail::LateDeliveries) as f64);
        add(
            &mut service.plan_changes,
            day.detail(Detail::PlanChanges) as f64,
        );
        let count = |so_far: &mut u16, more: u64| {
            *so_far = so_far.saturating_add(u16::try_from(more).unwrap_or(u16::MAX));
        };
        count(&mut service.contacts, day.contacts);
        count(&mut service.solved, day.detail(Detail::Solved));
        if let Some(rating) = rating(day) {
            service.rating = match service.rated {
                0 => rating as f32,
                _ => ((1.0 - NEWEST) * f64::from(service.rating) + NEWEST * rating) as f32,
            };
            service.rated = service.rated.saturating_add(1);
        }
        self.judge_first_order(day);
    }

    fn judge_first_order(&mut self, day: &Day) {
        let first = &mut self.first_order;
        if self.paid == 1 && day.purchases > 0 {
            first.day = day.number;
        }
        if self.paid != 1 || day.number - first.day > FIRST_ORDER_DAYS {
            return;
        }
        let count = |so_far: &mut u8, more: u64| {
            *so_far = so_far.saturating_add(u8::try_from(more).unwrap_or(u8::MAX));
        };
        count(&mut first.contacts, day.contacts);
        count(
            &mut first.refunds,
            day.refunds + day.detail(Detail::Returns),
        );
        count(&mut first.late, day.detail(Detail::LateDeliveries));
        if let Some(rating) = rating(day) {
            first.shortfall = first.shortfall.max(100 - rating as u8);
        }
    }

    pub(super) fn fade_service(&mut self, mut fade: impl FnMut(&mut f32, usize)) {
        let s = &mut self.service;
        for yearly in [&mut s.purchases, &mut s.lines, &mut s.discount] {
            fade(yearly, BASKET_LIFE);
        }
        for value in [&mut s.clicks, &mut s.late, &mut s.plan_changes] {
            fade(value, OTHER_LIFE);
        }
    }
}

/// Mean rating of the day in per cent.
fn rating(day: &Day) -> Option<f64> {
    let ratings = day.detail(Detail::Ratings);
    let percents = day.detail(Detail::Percents) as f64;
    (ratings > 0).then(|| (percents / ratings as f64).min(100.0))
}
