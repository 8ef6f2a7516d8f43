//! What buyers have brought so far, by size: enough to say how much of it came from the fifth who brought most.

use serde::{Deserialize, Serialize};

use crate::rate::{Money, percent_of_money};
use crate::value::Origin;

/// Sizes are told apart by so many leading bits: within a bin none is larger than another by more than a 32nd.
const BITS: u32 = 5;

/// Buyers who have brought about the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Bin {
    place: u16,
    buyers: u64,
    minor: i64,
}

/// Sums over some customers, which add up with those of others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Worth {
    /// Everybody who was ever a customer, and what they have brought, minor units.
    customers: u64,
    minor: i64,
    /// What winning customers has cost, minor units.
    cost: i64,
    /// By place; those who have brought nothing are in the first.
    buyers: Vec<Bin>,
}

/// What customers have brought so far.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KpiValue {
    /// Everybody who was ever a customer.
    pub customers: u64,
    /// Mean net spend so far per customer, major units.
    pub clv_mean: Option<f64>,
    /// Cost of sign-ups, and of campaigns up to the first time as a customer, per customer won; none where no cost is known.
    pub cac_mean: Option<f64>,
    /// `clv_mean` by `cac_mean`.
    pub clv_cac: Option<f64>,
    /// Whether that is 3 or more, just 3 included.
    pub healthy: Option<bool>,
    /// Percent of the net spend so far that comes from the fifth of the buyers (rounded up) who spent most: at least.
    pub top20_revenue_share: Option<f64>,
    /// By how many points of a hundred it may be more: spends are kept to a 32nd.
    pub top20_error: Option<f64>,
}

/// The bin of an amount.
fn place(minor: i64) -> u16 {
    let Ok(minor) = u64::try_from(minor) else {
        return 0;
    };
    let octave = minor.checked_ilog2().unwrap_or(0);
    match octave.checked_sub(BITS) {
        None => minor as u16,
        Some(shift) => ((shift << BITS) + (minor >> shift) as u32) as u16,
    }
}

/// The least amount of a bin, and the one after its greatest.
fn bounds(place: u16) -> (i128, i128) {
    let place = u32::from(place);
    let shift = (place >> BITS).saturating_sub(1);
    let lead = i128::from(place - (shift << BITS));
    (lead << shift, (lead + 1) << shift)
}

impl Worth {
    /// Nobody yet, but winning them has cost so much, minor units.
    pub(super) fn of_cost(cost: i64) -> Self {
        Self {
            cost,
            ..Self::default()
        }
    }

    /// Somebody who was a customer.
    pub(super) fn customer(&mut self, minor: i64) {
        self.customers += 1;
        self.minor += minor;
    }

    /// Somebody who bought.
    pub(super) fn buyer(&mut self, minor: i64) {
        self.add_bin(Bin {
            place: place(minor),
            buyers: 1,
            minor,
        });
    }

    fn add_bin(&mut self, more: Bin) {
        match self
            .buyers
            .binary_search_by_key(&more.place, |bin| bin.place)
        {
            Ok(at) => {
                self.buyers[at].buyers += more.buyers;
                self.buyers[at].minor += more.minor;
            }
            Err(at) => self.buyers.insert(at, more),
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.customers += other.customers;
        self.minor += other.minor;
        self.cost += other.cost;
        other.buyers.iter().for_each(|bin| self.add_bin(*bin));
    }

    /// None of nobody.
    pub(super) fn figures(&self, money: Money) -> KpiValue {
        let (least, most) = self.of_top();
        let all = self.buyers.iter().map(|bin| bin.minor).sum();
        let share = percent_of_money(least, all);
        let origin = Origin {
            customers: self.customers,
            spent: self.minor,
            cost: self.cost,
        };
        KpiValue {
            customers: self.customers,
            clv_mean: origin.clv(money),
            cac_mean: origin.cac(money),
            clv_cac: origin.ratio(),
            healthy: origin.healthy(),
            top20_revenue_share: share,
            top20_error: percent_of_money(most, all)
                .zip(share)
                .map(|(most, least)| most - least),
        }
    }

    /// What the fifth who brought most have brought, minor units: at least, and at most.
    fn of_top(&self) -> (i64, i64) {
        let buyers: u64 = self.buyers.iter().map(|bin| bin.buyers).sum();
        let (mut rest, mut sum) = (buyers.div_ceil(5), 0_i64);
        for bin in self.buyers.iter().rev() {
            if bin.buyers <= rest {
                rest -= bin.buyers;
                sum += bin.minor;
                continue;
            }
            if rest == 0 {
                break;
            }
            // Of those in this bin the first so many: they brought no less than its mean, and left the others its least.
            let (taken, others) = (rest as i128, i128::from(bin.buyers - rest));
            let (low, high) = bounds(bin.place);
            let mean = i128::from(bin.minor) * taken / i128::from(bin.buyers);
            let most = if bin.place == 0 {
                0
            } else {
                i128::from(bin.minor) - others * low
            };
            let most = most.min(taken * high).max(mean);
            return (sum + mean as i64, sum + most as i64);
        }
        (sum, sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_holds_amounts_within_a_32nd_of_each_other_and_bins_ascend() {
        let mut last = 0;
        let amounts = (0..2_000)
            .chain((0..55).map(|n| 3_i64 << n))
            .chain([i64::MAX]);
        for minor in amounts {
            let place = place(minor);
            let (low, high) = bounds(place);
            assert!(
                (low..high).contains(&i128::from(minor)),
                "{minor} in {low}..{high}"
            );
            assert!(high - low <= (low / 32).max(1), "{minor}");
            assert!(place >= last || minor == 3);
            last = place;
        }
        assert_eq!(place(-5), place(0));
    }

    #[test]
    fn the_share_of_the_top_fifth_lies_between_its_bounds() {
        let spends: Vec<i64> = (1..=997_i64).map(|n| n * n % 9_973 - 40).collect();
        let (mut one, mut other) = (Worth::default(), Worth::default());
        for (n, minor) in spends.iter().enumerate() {
            let to = if n % 3 == 0 { &mut one } else { &mut other };
            to.customer(*minor);
            to.buyer(*minor);
        }
        one.add(&other);
        let mut sorted = spends.clone();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        let all: i64 = spends.iter().sum();
        let exact = 100.0 * sorted[..200].iter().sum::<i64>() as f64 / all as f64;
        let found = one.figures(Money::new(2));
        let (share, error) = (
            found.top20_revenue_share.unwrap(),
            found.top20_error.unwrap(),
        );
        assert!(
            (share - 1e-9..=share + error + 1e-9).contains(&exact),
            "{share} + {error}, {exact}"
        );
        assert!(error < 0.5, "{error}");
        assert_eq!(found.clv_mean, Some(all as f64 / 100.0 / 997.0));
        assert_eq!(
            Worth::default().figures(Money::new(2)).top20_revenue_share,
            None
        );
    }
}
