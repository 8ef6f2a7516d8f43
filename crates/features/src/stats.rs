//! Statistics over a customer's whole life, in 120 bytes: rhythm, decayed counts, amounts, service.
//!
//! An *occasion* is a UTC day on which the customer bought, or did anything at all where the model asks for that.
//! A day enters the statistics whole, and only once no event of it can come any more: when it is more than seven
//! days before the customer's newest event. The days after that stay words, and are added to a copy when a feature
//! is read. So state and features are the same bits in whatever order the events came.
//!
//! | part | how it goes on |
//! | --- | --- |
//! | mean and squared deviations of ln(1 + gap in days) | Welford, Technometrics 4 (1962) |
//! | moving average of the same | 0.7 of the old and 0.3 of the new |
//! | decayed counts and amounts | times 2^(-days / half-life), then the day is added |
//!
//! They are kept as f32 and computed with as f64.

use crate::days::Day;
use decay::decay;
pub(crate) use service::{FirstOrder, Service};

pub(crate) mod decay;
mod service;

/// What makes a UTC day an occasion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Occasion {
    /// A purchase.
    Purchase,
    /// Anything that the customer did ([`crate::activity::is_activity`]).
    Activity,
}

/// Half-lives in days, by place in [`Stats::days`].
pub(crate) const HALF_LIVES: [f64; 4] = [7.0, 30.0, 90.0, 365.0];
/// Places of 30, 90 and 365 days in [`HALF_LIVES`], in the order of [`Stats::spent`].
const SPENT_LIVES: [usize; 3] = [1, 2, 3];
/// Place of the half-life of refunds and of other acts.
pub(crate) const OTHER_LIFE: usize = 2;
/// Place of the half-life of baskets.
const BASKET_LIFE: usize = 3;
/// Share of the newest value in moving averages.
const NEWEST: f64 = 0.3;

/// The statistics of the days before `next`. Days are UTC days since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Stats {
    /// All days before this one are in, and no other.
    pub(crate) next: u16,
    /// Day to which decayed numbers are decayed.
    pub(crate) decayed_to: u16,
    pub(crate) first: u16,
    pub(crate) last: u16,
    pub(crate) occasions: u16,
    pub(crate) weekends: u16,
    pub(crate) longest_gap: u16,
    pub(crate) last_gap: u16,
    /// Days with a purchase: those that the amounts are over.
    pub(crate) paid: u16,
    /// Of ln(1 + gap).
    pub(crate) gap_mean: f32,
    pub(crate) gap_squares: f32,
    pub(crate) gap_recent: f32,
    /// Decayed occasions, by half-life.
    pub(crate) days: [f32; 4],
    /// Decayed amounts in major units: half-lives of 30, 90 and 365 days.
    pub(crate) spent: [f32; 3],
    /// Of ln(1 + mean amount of a purchase) over paid days, and the last one.
    pub(crate) order_mean: f32,
    pub(crate) order_squares: f32,
    pub(crate) order_last: f32,
    /// Decayed refunds, and acts that are no purchase; half-life of 90 days.
    pub(crate) refunds: f32,
    pub(crate) others: f32,
    pub(crate) service: Service,
    pub(crate) first_order: FirstOrder,
}

const _: () = assert!(size_of::<Stats>() == 120, "see the head of the module");

fn add(to: &mut f32, more: f64) {
    *to = (f64::from(*to) + more) as f32;
}

/// Mean and sum of squared deviations, with one value more, the `count`-th.
fn welford((mean, squares): (&mut f32, &mut f32), value: f64, count: f64) {
    let old = f64::from(*mean);
    let new = old + (value - old) / count;
    add(squares, (value - old) * (value - new));
    *mean = new as f32;
}

impl Stats {
    /// Takes in a day that is after all that are in.
    pub(crate) fn fold(&mut self, day: &Day, occasion: Occasion, minor_per_major: f64) {
        self.decay_to(day.number);
        self.next = day.number + 1;
        if day.is(occasion) {
            self.meet(day.number);
        }
        if day.purchases > 0 {
            let log = libm::log1p(day.major / day.purchases as f64);
            self.paid = self.paid.saturating_add(1);
            let so_far = (&mut self.order_mean, &mut self.order_squares);
            welford(so_far, log, f64::from(self.paid));
            self.order_last = log as f32;
            self.spent
                .iter_mut()
                .for_each(|spent| add(spent, day.major));
        }
        add(&mut self.refunds, day.refunds as f64);
        add(&mut self.others, day.others() as f64);
        self.serve(day, minor_per_major);
    }

    fn decay_to(&mut self, day: u16) {
        let since = day.saturating_sub(self.decayed_to);
        self.decayed_to = day;
        if since == 0 {
            return;
        }
        let fade = |value: &mut f32, life: usize| {
            *value = (f64::from(*value) * decay(life, since)) as f32;
        };
        for (life, days) in self.days.iter_mut().enumerate() {
            fade(days, life);
        }
        for (spent, life) in self.spent.iter_mut().zip(SPENT_LIVES) {
            fade(spent, life);
        }
        fade(&mut self.refunds, OTHER_LIFE);
        fade(&mut self.others, OTHER_LIFE);
        self.fade_service(fade);
    }

    fn meet(&mut self, day: u16) {
        if self.occasions == 0 {
            self.first = day;
        } else {
            self.gap(day - self.last);
        }
        self.last = day;
        self.occasions = self.occasions.saturating_add(1);
        self.days.iter_mut().for_each(|days| add(days, 1.0));
        // 1 January 1970 was a Thursday.
        self.weekends += u16::from((day + 3) % 7 >= 5);
    }

    fn gap(&mut self, days: u16) {
        let log = libm::log1p(f64::from(days));
        // The gap before the second occasion is the first one.
        let gaps = f64::from(self.occasions);
        welford((&mut self.gap_mean, &mut self.gap_squares), log, gaps);
        self.gap_recent = if self.occasions == 1 {
            log as f32
        } else {
            ((1.0 - NEWEST) * f64::from(self.gap_recent) + NEWEST * log) as f32
        };
        self.longest_gap = self.longest_gap.max(days);
        self.last_gap = days;
    }

    /// Decayed occasions as of a day that is not before `decayed_to`.
    pub(crate) fn days_at(&self, life: usize, day: u16) -> f64 {
        f64::from(self.days[life]) * decay(life, day.saturating_sub(self.decayed_to))
    }

    /// Decayed amounts in major units, by place (30, 90, 365 days).
    pub(crate) fn spent_at(&self, place: usize, day: u16) -> f64 {
        let life = SPENT_LIVES[place];
        f64::from(self.spent[place]) * decay(life, day.saturating_sub(self.decayed_to))
    }

    /// A number of the half-life of 90 days.
    pub(crate) fn other_at(&self, value: f32, day: u16) -> f64 {
        f64::from(value) * decay(OTHER_LIFE, day.saturating_sub(self.decayed_to))
    }
}
