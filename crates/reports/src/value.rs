//! What customers are worth: value so far, what winning them cost, and how few bring how much.

use std::collections::BTreeMap;

use holdfast_events::EventType;
use serde::Serialize;

use crate::act::{Customer, Said};
use crate::cohorts::entry;
use crate::presence::Presence;
use crate::rate::{Money, percent_of_money};
use crate::terms::Terms;

/// From this many times the cost of winning a customer on, their value is called healthy.
const HEALTHY: i64 = 3;

/// Sums of one source, or of all; money in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) customers: u64,
    pub(crate) spent: i64,
    pub(crate) cost: i64,
}

/// Sums over customers, by source, and what each buyer spent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Value {
    by_source: BTreeMap<String, Origin>,
    by_partner: BTreeMap<String, Origin>,
    /// Net spend of each buyer, in minor units.
    spends: Vec<i64>,
    /// What each customer brought more in the last whole period than in the one before, where it is more.
    growth: Vec<i64>,
}

/// What customers are worth. Money is in major units; what has no base is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ValueFigures {
    /// Everybody who was ever a customer.
    pub customers: u64,
    /// Percent of the net spend so far that comes from the fifth of the buyers (rounded up) who spent most.
    pub top20_revenue_share: Option<f64>,
    /// Percent of the growth from the last whole period but one to the last one that comes from as many customers,
    /// those who grew most; of the sum over customers who grew.
    pub top20_growth_share: Option<f64>,
    /// Mean net spend so far per customer.
    pub clv_mean: Option<f64>,
    /// Cost of sign-ups, and of campaigns up to the first time as a customer, per customer won.
    pub cac_mean: Option<f64>,
    /// `clv_mean` by `cac_mean`.
    pub clv_cac: Option<f64>,
    /// Whether that is 3 or more, just 3 included.
    pub healthy: Option<bool>,
    /// The same by source, by name.
    pub by_source: Vec<SourceValue>,
    /// The same by partner, of those whom one brought, by name.
    pub by_partner: Vec<PartnerValue>,
}

/// The value of the customers of one source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceValue {
    /// The source; `unknown` where none was named.
    pub source: String,
    /// Theirs.
    #[serde(flatten)]
    pub value: OriginValue,
}

/// The value of the customers whom one partner brought.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartnerValue {
    /// The partner.
    pub partner: String,
    /// Theirs.
    #[serde(flatten)]
    pub value: OriginValue,
}

/// The value of customers who came the same way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OriginValue {
    /// How many they are.
    pub customers: u64,
    /// As for all.
    pub clv_mean: Option<f64>,
    /// As for all.
    pub cac_mean: Option<f64>,
    /// As for all.
    pub clv_cac: Option<f64>,
    /// As for all.
    pub healthy: Option<bool>,
}

impl Value {
    pub(crate) fn fold(&mut self, customer: &Customer<'_>, terms: &Terms) {
        let mut presence = Presence::new(terms.window_ms());
        let (mut first, mut is_buyer) = (None, false);
        let (mut spent, mut cost) = (0, 0);
        for act in customer.acts {
            spent += act.revenue();
            is_buyer |= act.kind == EventType::Purchase;
            match act.said {
                Said::Origin { cost: paid, .. } => cost += paid,
                Said::Campaign { cost: paid, .. } if first.is_none() => cost += paid,
                _ => {}
            }
            if first.is_none() {
                presence.take(act);
                first = presence.at(act.ts).then_some(act.ts);
            }
        }
        if first.is_none() && cost == 0 {
            return;
        }
        let own = Origin {
            customers: u64::from(first.is_some()),
            spent: first.map_or(0, |_| spent),
            cost,
        };
        entry(&mut self.by_source, customer.origin()).add(&own);
        if let Some(partner) = customer.partner() {
            entry(&mut self.by_partner, partner).add(&own);
        }
        if is_buyer {
            self.spends.push(spent);
            self.growth
                .extend(growth(customer, terms).filter(|more| *more > 0));
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (own, other) in [
            (&mut self.by_source, &other.by_source),
            (&mut self.by_partner, &other.by_partner),
        ] {
            for (name, origin) in other {
                entry::<Origin>(own, name).add(origin);
            }
        }
        self.spends.extend_from_slice(&other.spends);
        self.growth.extend_from_slice(&other.growth);
    }

    pub(crate) fn figures(&self, money: Money) -> ValueFigures {
        let mut all = Origin::default();
        for origin in self.by_source.values() {
            all.add(origin);
        }
        let top = self.spends.len().div_ceil(5);
        let by_source = self.by_source.iter().map(|(source, origin)| SourceValue {
            source: source.clone(),
            value: origin.figures(money),
        });
        let by_partner = self
            .by_partner
            .iter()
            .map(|(partner, origin)| PartnerValue {
                partner: partner.clone(),
                value: origin.figures(money),
            });
        ValueFigures {
            customers: all.customers,
            top20_revenue_share: share_of_top(&self.spends, top),
            top20_growth_share: share_of_top(&self.growth, top),
            clv_mean: all.clv(money),
            cac_mean: all.cac(money),
            clv_cac: all.ratio(),
            healthy: all.healthy(),
            by_source: by_source.collect(),
            by_partner: by_partner.collect(),
        }
    }
}

/// What a customer brought in the last whole period, less what in the one before; none without two whole periods.
fn growth(customer: &Customer<'_>, terms: &Terms) -> Option<i64> {
    let grid = terms.calendar.periods();
    let last = grid.complete().checked_sub(1)?;
    let (before, last) = (grid.span(last.checked_sub(1)?), grid.span(last));
    let brought = |(start, end): (i64, i64)| {
        let acts = customer.acts;
        let from = acts.partition_point(|act| act.ts < start);
        let within = acts[from..].iter().take_while(|act| act.ts < end);
        within.map(crate::act::Act::revenue).sum::<i64>()
    };
    Some(brought(last) - brought(before))
}

/// Percent of the sum that the greatest `top` values make up.
fn share_of_top(values: &[i64], top: usize) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let of_top = sorted.iter().take(top).sum();
    percent_of_money(of_top, sorted.iter().sum())
}

impl Origin {
    fn add(&mut self, other: &Self) {
        self.customers += other.customers;
        self.spent += other.spent;
        self.cost += other.cost;
    }

    fn figures(&self, money: Money) -> OriginValue {
        OriginValue {
            customers: self.customers,
            clv_mean: self.clv(money),
            cac_mean: self.cac(money),
            clv_cac: self.ratio(),
            healthy: self.healthy(),
        }
    }

    pub(crate) fn clv(&self, money: Money) -> Option<f64> {
        money.mean(self.spent, self.customers)
    }

    pub(crate) fn cac(&self, money: Money) -> Option<f64> {
        money
            .mean(self.cost, self.customers)
            .filter(|_| self.cost > 0)
    }

    pub(crate) fn ratio(&self) -> Option<f64> {
        let known = self.customers > 0 && self.cost > 0;
        known.then(|| self.spent as f64 / self.cost as f64)
    }

    /// In integers, so that just three is three.
    pub(crate) fn healthy(&self) -> Option<bool> {
        let known = self.customers > 0 && self.cost > 0;
        known.then(|| self.spent >= HEALTHY.saturating_mul(self.cost))
    }
}
