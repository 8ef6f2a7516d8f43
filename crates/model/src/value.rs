//! What a customer is worth over the coming days, and how much of it is at stake.
//!
//! | wanted | is |
//! | --- | --- |
//! | occasions to come | MBG/NBD ([`crate::btyd`]): days with a purchase within the horizon |
//! | spend at each | gamma-gamma ([`crate::spend`]) on net spend per occasion |
//! | expected value | the product: chance of having left already included |
//! | value if the customer stays | the same, given that the customer has not left |
//! | at stake | probability of leaving x value if the customer stays |
//!
//! An *occasion* is a UTC day with a purchase, in the fits as in what is asked: two orders of one day are one. At stake
//! is what a customer brings who has *not* left: the expected value of one who probably has is small for that very
//! reason, and times p it would count the risk twice. All amounts are net of refunds, in major units, over the horizon
//! only, undiscounted, and revenue: no margin is known here.

use serde::{Deserialize, Serialize};

use crate::btyd::{self, Family, Prepared, Rft};
use crate::buyer::Buyer;
use crate::digits::nine;
use crate::population;
use crate::spend::{self, Spender};

/// Means are taken together in steps of this part of their logarithm: a fit does not feel it, and a million customers
/// become some thousand rows.
const STEPS: f64 = 128.0;
/// Bounds of the parameters in a file.
const LEAST: f64 = 1e-9;
const GREATEST: f64 = 1e15;

/// Spend and purchases of a shop's buyers at the last training cutoff.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// Gamma-gamma: shape of spends within a customer.
    pub p: f64,
    /// Gamma-gamma: shape of customers, above 1.
    pub q: f64,
    /// Gamma-gamma: rate parameter of customers, major units.
    pub v: f64,
    /// r, alpha (days), a and b of MBG/NBD over days with a purchase.
    pub mbg: [f64; 4],
}

/// What a customer is expected to bring within a horizon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// Probability that the customer has not left for good, by MBG/NBD; not the model's probability.
    pub p_alive: f64,
    /// Occasions of a customer who has not left.
    pub occasions_if_stays: f64,
    /// Net spend at each, major units.
    pub spend: f64,
    /// Net spend of a customer who has not left, major units.
    pub if_stays: f64,
    /// Net spend, whether the customer has left or not, major units.
    pub expected: f64,
}

/// An amount with its range, major units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtStake {
    /// At the lower end of the probability's interval.
    pub low: f64,
    /// At the probability.
    pub mid: f64,
    /// At the upper end of the interval.
    pub high: f64,
}

/// What is lost on average with a customer who leaves with probability `p` within the interval (95 %; none where it is
/// not known, and then there is no range) and would bring `value` over the horizon by staying; in the unit of `value`.
/// The range says how well the probability is known, not how widely customers spend.
#[must_use]
pub fn at_stake(p: f64, interval: Option<(f64, f64)>, value: f64) -> AtStake {
    let (low, high) = interval.unwrap_or((p, p));
    AtStake {
        low: low.min(p) * value,
        mid: p * value,
        high: high.max(p) * value,
    }
}

impl Value {
    /// Learns from everybody who has bought; spend from those who came twice and kept something of it, the dates of
    /// purchases from all unless `mbg` has been fitted on them already. None for fewer than thirty who came twice with
    /// amounts, or dates that bound no fit.
    #[must_use]
    pub fn learn(buyers: &[Buyer], mbg: Option<[f64; 4]>) -> Option<Self> {
        let again = buyers.iter().filter(|buyer| buyer.occasions > 1);
        let spenders: Vec<(Spender, f64)> = again
            .map(|buyer| Spender {
                occasions: f64::from(buyer.occasions),
                mean: buyer.mean_spend(),
            })
            .filter(|spender| spender.mean > 0.0)
            .map(|spender| (stepped(spender), 1.0))
            .collect();
        let spend::Params { p, q, v } = spend::fit(&spenders)?.params;
        let mbg = mbg.or_else(|| {
            let dates: Vec<Rft> = buyers.iter().map(Buyer::dates).collect();
            population::mbg(&dates)
        })?;
        Some(Self {
            p: nine(p),
            q: nine(q),
            v: nine(v),
            mbg,
        })
    }

    /// Expected net spend at a coming occasion of a customer who spent `mean_spend` on average at so many, major units.
    #[must_use]
    pub fn expected_spend(&self, occasions: f64, mean_spend: f64) -> f64 {
        let Self { p, q, v, .. } = *self;
        spend::Params { p, q, v }.expected_spend(occasions, mean_spend)
    }

    /// Expected occasions within so many days, whether the customer has left or not; dates are in days. 0 for a
    /// horizon below 0 and for parameters that no file can hold.
    #[must_use]
    pub fn expected_purchases(&self, dates: &Rft, horizon_days: f64) -> f64 {
        self.prepared(horizon_days)
            .map_or(0.0, |ready| ready.expected_purchases(&lived(dates)))
    }

    /// What a customer is expected to bring within so many days.
    #[must_use]
    pub fn worth(&self, buyer: &Buyer, horizon_days: f64) -> Worth {
        let dates = lived(&buyer.dates());
        let (p_alive, occasions) = self.prepared(horizon_days).map_or((0.0, 0.0), |ready| {
            (ready.p_alive(&dates), ready.purchases_if_alive(&dates))
        });
        let spend = self.expected_spend(f64::from(buyer.occasions), buyer.mean_spend());
        let if_stays = occasions * spend;
        Worth {
            p_alive,
            occasions_if_stays: occasions,
            spend,
            if_stays,
            expected: p_alive * if_stays,
        }
    }

    fn prepared(&self, horizon_days: f64) -> Option<Prepared> {
        let [r, alpha, a, b] = self.mbg;
        Prepared::new(Family::Mbg, btyd::Params { r, alpha, a, b }, horizon_days)
    }

    pub(crate) fn faults(&self, faults: &mut Vec<String>) {
        let [r, alpha, a, b] = self.mbg;
        let named = [
            ("p", self.p),
            ("v", self.v),
            ("mbg r", r),
            ("mbg alpha", alpha),
            ("mbg a", a),
            ("mbg b", b),
        ];
        for (name, x) in named {
            if !(LEAST..=GREATEST).contains(&x) {
                faults.push(format!(
                    "value.{name} is {x:e}, it must be from {LEAST:e} to {GREATEST:e}"
                ));
            }
        }
        if !(self.q > 1.0 && self.q <= GREATEST) {
            faults.push(format!(
                "value.q is {}, it must be above 1 for spends to have a mean",
                self.q
            ));
        }
    }
}

/// The first day counts as lived: towards an age of 0 the sum over coming occasions has ever more terms.
fn lived(dates: &Rft) -> Rft {
    Rft {
        age: dates.age.max(1.0),
        ..*dates
    }
}

fn stepped(spender: Spender) -> Spender {
    let step = (libm::log(spender.mean) * STEPS).round() / STEPS;
    Spender {
        mean: libm::exp(step),
        ..spender
    }
}

#[cfg(test)]
mod tests;
