//! What customers are expected to bring: gamma-gamma on spend times MBG/NBD on purchases.

use holdfast_events::EventType;
use holdfast_features::DAY_MS;
use holdfast_model::buyer::Buyer;
use holdfast_model::{Model, Value};
use holdfast_reports::Customer;
use serde::Serialize;

/// How far ahead, days.
const AHEAD_DAYS: u32 = 365;

/// What the buyers of a log are expected to bring after its end, major units, undiscounted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Expected {
    /// Within so many days.
    pub days: u32,
    /// Where its parameters come from: the model file, or this log.
    pub fitted_on: &'static str,
    /// Who bought.
    pub buyers: u64,
    /// Of all together, whether they have left or not.
    pub revenue: f64,
    /// Per buyer: the expected customer lifetime value of that time.
    pub clv_mean: f64,
    /// Percent of it that comes from the fifth of the buyers (rounded up) who are expected to bring most.
    pub top20_share: Option<f64>,
}

/// Everybody who bought, up to the end of a log.
pub(super) struct Buyers {
    end_ms: i64,
    /// Minor units in a major one.
    unit: f64,
    buyers: Vec<Buyer>,
}

fn day(ms: i64) -> i64 {
    ms.div_euclid(DAY_MS)
}

impl Buyers {
    pub(super) fn new(end_ms: i64, exponent: u8) -> Self {
        Self {
            end_ms,
            unit: 10_f64.powi(i32::from(exponent)),
            buyers: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, customer: &Customer<'_>) {
        let is_order = |kind| kind == EventType::Purchase;
        let orders: Vec<i64> = customer
            .acts
            .iter()
            .filter(|act| is_order(act.kind))
            .map(|act| act.ts)
            .collect();
        let (Some(first), Some(last)) = (orders.first(), orders.last()) else {
            return;
        };
        let sum = |kind| {
            let of_kind = customer.acts.iter().filter(|act| act.kind == kind);
            let minor: i64 = of_kind.filter_map(|act| act.minor).sum();
            minor as f64 / self.unit
        };
        let mut days: Vec<i64> = orders.iter().map(|ts| day(*ts)).collect();
        days.dedup();
        let in_days = |ms: i64| ms.max(0) as f64 / DAY_MS as f64;
        self.buyers.push(Buyer {
            orders: u32::try_from(orders.len()).unwrap_or(u32::MAX),
            occasions: u16::try_from(days.len()).unwrap_or(u16::MAX),
            span_days: (day(*last) - day(*first)) as f64,
            age_days: in_days(self.end_ms - day(*first) * DAY_MS),
            recency_days: in_days(self.end_ms - last),
            spent: sum(EventType::Purchase),
            refunded: sum(EventType::Refund),
        });
    }

    /// None where the model says nothing of value and the log has too few who came again to learn it from.
    pub(super) fn expected(&self, model: Option<&Model>) -> Option<Expected> {
        let of_model = model.and_then(Model::value).copied();
        let fitted_on = if of_model.is_some() { "model" } else { "log" };
        let value = of_model.or_else(|| Value::learn(&self.buyers, None))?;
        let days = f64::from(AHEAD_DAYS);
        let each = self.buyers.iter();
        let mut each: Vec<f64> = each
            .map(|buyer| value.worth(buyer, days).expected)
            .collect();
        each.sort_by(|a, b| b.total_cmp(a));
        let revenue: f64 = each.iter().sum();
        let top: f64 = each[..each.len().div_ceil(5)].iter().sum();
        Some(Expected {
            days: AHEAD_DAYS,
            fitted_on,
            buyers: each.len() as u64,
            revenue,
            clv_mean: revenue / each.len().max(1) as f64,
            top20_share: (revenue > 0.0).then(|| 100.0 * top / revenue),
        })
    }
}
