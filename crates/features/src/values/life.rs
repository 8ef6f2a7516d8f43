//! The formulas over a customer's whole life. Gaps and silences are in days, and own gaps are drawn to those of the
//! training population while there are few: it counts as two more.
//!
//! All go one way with time, as those over windows do.

use super::{Formulas, Moment, days_between};
use crate::constants::{Constants, Repeats};
use crate::registry::Life;
use crate::stats::{HALF_LIVES, Occasion, Stats};
use crate::{DAY_MS, day_of_ms};

/// Gaps of the population that a customer's own are mixed with.
const PRIOR_GAPS: f64 = 2.0;
/// Occasions that every rate has too many, with the exposure that goes with them, so that none is nought.
const PRIOR_OCCASIONS: f64 = 0.5;
/// Days per unit of a rate.
const MONTH_DAYS: f64 = 30.0;

impl Formulas<'_> {
    pub(super) fn life(&self, life: Life, up: Moment<'_>, down: Moment<'_>) -> f64 {
        let s = up.stats;
        let of = Of {
            formulas: self,
            stats: s,
            constants: self.constants,
        };
        match life {
            Life::Occasions => f64::from(s.occasions),
            Life::UsualGap => libm::expm1(of.gap_mean()),
            Life::GapSpread => of.gap_sd(),
            Life::SilenceZ => (libm::log1p(of.silence(up)) - of.gap_mean()) / of.gap_sd(),
            Life::SilenceOverMean => (1.0 + of.silence(up)) / (1.0 + of.mean_gap()),
            Life::SilenceOverLongest => (1.0 + of.silence(up)) / (1.0 + of.longest_gap()),
            Life::RecentGaps if s.occasions > 2 => {
                libm::exp(f64::from(s.gap_recent) - f64::from(s.gap_mean))
            }
            Life::LastGap if s.occasions > 2 => {
                libm::exp(libm::log1p(f64::from(s.last_gap)) - f64::from(s.gap_mean))
            }
            Life::RecentGaps | Life::LastGap => 1.0,
            Life::Days(life) => of.days(life, down),
            Life::Rate(life) => of.rate(life, down),
            Life::Pace(life) => of.rate(life, down) / of.rate(life + 1, up),
            Life::RateEver => {
                let exposure = of.tenure(down) + of.population_gap();
                MONTH_DAYS * (f64::from(s.occasions) + 1.0) / exposure
            }
            Life::WeekendShare => (f64::from(s.weekends) + 0.5) / (f64::from(s.occasions) + 1.0),
            Life::UsualOrder => libm::expm1(f64::from(s.order_mean)),
            Life::OrderSpread => of.order_sd(),
            Life::LastOrder if s.paid > 0 => {
                libm::exp(f64::from(s.order_last) - f64::from(s.order_mean))
            }
            Life::LastOrder => 1.0,
            Life::Spent(place) => s.spent_at(place, day_of_ms(down.now)),
            Life::SpentPerDay => f64::from(s.spent[2]) / f64::from(s.days[3]).max(LEAST_DAYS),
            Life::Refunds => s.other_at(s.refunds, day_of_ms(down.now)),
            Life::Others => s.other_at(s.others, day_of_ms(down.now)),
            Life::OrdersPerDay => self.orders_per_day(),
            Life::Served(served) => self.served(served, s, down),
            Life::NoneExpected => of.none_expected(up),
            Life::StillThere => of.still_there(down),
        }
    }

    fn orders_per_day(&self) -> f64 {
        f64::from(self.head.purchases.max(1)) / f64::from(self.head.purchase_days.max(1))
    }
}

/// Least decayed occasions that amounts are divided by: those of a customer of ten years ago.
const LEAST_DAYS: f64 = 1e-3;

struct Of<'a> {
    formulas: &'a Formulas<'a>,
    stats: &'a Stats,
    constants: &'a Constants,
}

impl Of<'_> {
    fn gaps(&self) -> f64 {
        f64::from(self.stats.occasions.saturating_sub(1))
    }

    /// Days since the last occasion; who had none has waited since the first event.
    fn silence(&self, at: Moment<'_>) -> f64 {
        let head = self.formulas.head;
        let last = match self.formulas.occasion {
            Occasion::Purchase => head.last_purchase(),
            Occasion::Activity => head.last_act(),
        };
        days_between(last.or(head.first()), at.now)
    }

    /// Days since the beginning of the first occasion's day; without one, since the first event.
    fn tenure(&self, at: Moment<'_>) -> f64 {
        let first = match self.stats.occasions {
            0 => self.formulas.head.first(),
            _ => Some(i64::from(self.stats.first) * DAY_MS),
        };
        days_between(first, at.now)
    }

    /// The population's usual gap.
    fn population_gap(&self) -> f64 {
        libm::expm1(self.constants.gap_mean)
    }

    fn gap_mean(&self) -> f64 {
        let own = self.gaps() * f64::from(self.stats.gap_mean);
        (own + PRIOR_GAPS * self.constants.gap_mean) / (self.gaps() + PRIOR_GAPS)
    }

    /// Standard deviation of ln(1 + gap) about the drawn mean.
    fn gap_sd(&self) -> f64 {
        let (own, prior) = (self.gaps(), self.constants);
        let away = f64::from(self.stats.gap_mean) - prior.gap_mean;
        let between = if own > 0.0 {
            own * PRIOR_GAPS / (own + PRIOR_GAPS) * away * away
        } else {
            0.0
        };
        let squares =
            f64::from(self.stats.gap_squares) + PRIOR_GAPS * prior.gap_sd * prior.gap_sd + between;
        (squares / (own + PRIOR_GAPS)).sqrt()
    }

    fn mean_gap(&self) -> f64 {
        let span = f64::from(self.stats.last - self.stats.first);
        (span + PRIOR_GAPS * self.population_gap()) / (self.gaps() + PRIOR_GAPS)
    }

    fn longest_gap(&self) -> f64 {
        match self.stats.occasions {
            0 | 1 => self.population_gap(),
            _ => f64::from(self.stats.longest_gap),
        }
    }

    fn repeats(&self) -> Repeats {
        let s = self.stats;
        Repeats {
            x: self.gaps(),
            t: f64::from(s.last - s.first),
        }
    }

    fn none_expected(&self, at: Moment<'_>) -> f64 {
        self.constants
            .none_expected(self.repeats(), self.tenure(at))
    }

    fn still_there(&self, at: Moment<'_>) -> f64 {
        self.constants.still_there(self.repeats(), self.tenure(at))
    }

    fn days(&self, life: usize, at: Moment<'_>) -> f64 {
        self.stats.days_at(life, day_of_ms(at.now))
    }

    /// Decayed occasions over the equally decayed exposure, a month's worth: it does not grow with the stream's age.
    fn rate(&self, life: usize, at: Moment<'_>) -> f64 {
        let half = HALF_LIVES[life];
        let exposure = half / std::f64::consts::LN_2
            * -libm::expm1(-std::f64::consts::LN_2 * self.tenure(at) / half);
        let prior = PRIOR_OCCASIONS * self.population_gap();
        MONTH_DAYS * (self.days(life, at) + PRIOR_OCCASIONS) / (exposure + prior)
    }

    fn order_sd(&self) -> f64 {
        (f64::from(self.stats.order_squares) / f64::from(self.stats.paid.max(1))).sqrt()
    }
}
