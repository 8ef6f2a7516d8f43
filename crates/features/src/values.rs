//! The formulas: a head, the window sums and an instant in; one number per feature out.
//!
//! Without events a feature moves only because time goes on, and every formula here goes one way
//! in each of its parts: up or down with the time since something, up with one window's sum, down
//! with another's. So one definition serves three ends: with the same moment for the parts that
//! raise the value and for those that lower it, it is the feature; with the ends of a span, it is its
//! lower or its upper bound. Each step is one correctly rounded operation, which keeps the
//! order of its arguments: the bounds hold to the last bit and need no widening.

use crate::constants::Constants;
use crate::head::Head;
use crate::registry::{Kind, Trend};
use crate::stats::{Occasion, Stats};
use crate::words::{Field, WINDOW_DAYS, Windows};
use crate::{DAY_MS, day_of_ms};

mod life;
mod served;

/// What a customer's own gaps are mixed with while there are few: two gaps of 30 days each.
const PRIOR_GAPS: f64 = 2.0;
const PRIOR_GAP_DAYS: f64 = 30.0;
/// Shortest life over which a lifetime rate is taken.
const LEAST_EXPOSURE_DAYS: f64 = 30.0;

/// The counts that add up to activity; purchases are added to them.
const ACTS: [Field; 9] = [
    Field::PageViews,
    Field::Checkouts,
    Field::SupportContacts,
    Field::CartAdds,
    Field::EmailOpens,
    Field::Uses,
    Field::Sessions,
    Field::Engagements,
    Field::Others,
];

/// An instant and what the windows hold at it.
#[derive(Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub(crate) now: i64,
    pub(crate) windows: &'a Windows,
    /// All days up to that of `now` are in.
    pub(crate) stats: &'a Stats,
}

/// One customer's state, as formulas see it.
#[derive(Clone, Copy)]
pub(crate) struct Formulas<'a> {
    pub(crate) head: &'a Head,
    /// Minor units per major unit.
    pub(crate) minor_per_major: f64,
    /// What the statistics are about.
    pub(crate) occasion: Occasion,
    pub(crate) constants: &'a Constants,
}

fn days_between(from: Option<i64>, now: i64) -> f64 {
    from.map_or(0.0, |from| (now - from).max(0) as f64 / DAY_MS as f64)
}

/// All that the customer did in a window, purchases included.
pub(crate) fn activity(windows: &Windows, window: usize) -> u64 {
    let counted: u64 = ACTS.iter().map(|&field| windows.count(window, field)).sum();
    counted + windows.purchases(window)
}

/// Recent pace over longer pace, smoothed by `steady` per short window so that 1 means "as ever".
#[inline]
fn pace(trend: Trend, short: f64, long: f64, steady: f64) -> f64 {
    let ratio = f64::from(WINDOW_DAYS[trend.long()]) / f64::from(WINDOW_DAYS[trend.short()]);
    (short + steady) * ratio / (long + steady * ratio)
}

impl Formulas<'_> {
    /// A feature's value. `up` is the moment of every part with which the value rises, `down` of
    /// those with which it falls.
    #[inline]
    pub(crate) fn value(&self, kind: Kind, up: Moment<'_>, down: Moment<'_>) -> f64 {
        match kind {
            Kind::SinceEvent => days_between(self.head.last_act().or(self.head.first()), up.now),
            Kind::SincePurchase => self.since_purchase(up.now),
            Kind::SinceFirstPurchase => self.head.first_purchase_day().map_or(0.0, |first| {
                f64::from(day_of_ms(up.now).saturating_sub(first))
            }),
            Kind::Tenure => days_between(self.head.first(), up.now),
            Kind::Count(field, w) => up.windows.count(w.index(), field) as f64,
            Kind::Purchases(w) => up.windows.purchases(w.index()) as f64,
            Kind::PurchaseDays(w) => up.windows.purchase_days(w.index()) as f64,
            Kind::Spend(w) => self.major(up.windows.minor(w.index())),
            Kind::Activity(w) => activity(up.windows, w.index()) as f64,
            Kind::PurchasesTotal => f64::from(self.head.purchases),
            Kind::PurchaseDaysTotal => f64::from(self.head.purchase_days),
            Kind::PurchaseRate => {
                let exposure = days_between(self.head.first(), down.now).max(LEAST_EXPOSURE_DAYS);
                f64::from(self.head.purchase_days) * 30.0 / exposure
            }
            Kind::DaysPerPurchaseDay => {
                // One prior purchase day in 30 days, so that a new customer is no extreme.
                let exposure = days_between(self.head.first(), up.now) + LEAST_EXPOSURE_DAYS;
                exposure / (f64::from(self.head.purchase_days) + 1.0)
            }
            Kind::SpendTotal => self.major(self.head.spent()),
            Kind::MeanOrder => self.mean_order(),
            Kind::RefundShare => self.refund_share(),
            Kind::GapMean => self.gap_mean(),
            Kind::GapSd => self.gap_sd(),
            Kind::UsualGap => self.usual_gap(),
            Kind::RecencyOverGap => self.since_purchase(up.now) / self.usual_gap(),
            Kind::GapZ => (self.since_purchase(up.now) - self.usual_gap()) / self.usual_spread(),
            Kind::Life(_, life) => self.life(life, up, down),
            Kind::PurchaseTrend(t) => {
                let short = up.windows.purchases(t.short()) as f64;
                pace(t, short, down.windows.purchases(t.long()) as f64, 1.0)
            }
            Kind::ActivityTrend(t) => {
                let short = activity(up.windows, t.short()) as f64;
                pace(t, short, activity(down.windows, t.long()) as f64, 1.0)
            }
            Kind::SpendTrend(t) => {
                let steady = Some(self.mean_order())
                    .filter(|mean| *mean > 0.0)
                    .unwrap_or(1.0);
                let short = self.major(up.windows.minor(t.short()));
                pace(t, short, self.major(down.windows.minor(t.long())), steady)
            }
        }
    }

    fn major(&self, minor: i64) -> f64 {
        minor as f64 / self.minor_per_major
    }

    /// Whoever hasn't bought yet has waited since the first event.
    fn since_purchase(&self, now: i64) -> f64 {
        days_between(self.head.last_purchase().or(self.head.first()), now)
    }

    fn mean_order(&self) -> f64 {
        match self.head.purchases {
            0 => 0.0,
            n => self.major(self.head.spent()) / f64::from(n),
        }
    }

    fn refund_share(&self) -> f64 {
        match (self.head.spent(), self.head.refunded()) {
            (_, 0) => 0.0,
            (0, _) => 1.0,
            (spent, refunded) => (refunded as f64 / spent as f64).min(1.0),
        }
    }

    fn gaps(&self) -> u64 {
        u64::from(self.head.purchase_days.saturating_sub(1))
    }

    fn gap_mean(&self) -> f64 {
        match self.gaps() {
            0 => 0.0,
            n => f64::from(self.head.gap_sum()) / n as f64,
        }
    }

    /// n times the sum of squared deviations from the mean gap: a whole number, so exact.
    fn gap_deviation(&self) -> u64 {
        let sum = u64::from(self.head.gap_sum());
        (self.gaps() * u64::from(self.head.gap_squares())).saturating_sub(sum * sum)
    }

    fn gap_sd(&self) -> f64 {
        match self.gaps() {
            0 => 0.0,
            n => (self.gap_deviation() as f64).sqrt() / n as f64,
        }
    }

    /// The customer's mean gap in days, drawn to 30 days while there are few gaps.
    fn usual_gap(&self) -> f64 {
        (f64::from(self.head.gap_sum()) + PRIOR_GAPS * PRIOR_GAP_DAYS)
            / (self.gaps() as f64 + PRIOR_GAPS)
    }

    /// The spread of the customer's gaps in days, drawn to 30 days likewise.
    fn usual_spread(&self) -> f64 {
        let own = match self.gaps() {
            0 => 0.0,
            n => self.gap_deviation() as f64 / n as f64,
        };
        let prior = PRIOR_GAPS * PRIOR_GAP_DAYS * PRIOR_GAP_DAYS;
        ((own + prior) / (self.gaps() as f64 + PRIOR_GAPS)).sqrt()
    }
}
