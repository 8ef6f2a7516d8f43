//! What a customer has bought up to an instant, as segments and value look at it.

use holdfast_features::{DAY_MS, Ix, Store};

use crate::btyd::Rft;

/// A customer with a purchase. An *occasion* is a UTC day with one, as in [`crate::btyd`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Buyer {
    /// Purchases ever.
    pub orders: u32,
    /// UTC days with a purchase, at least 1.
    pub occasions: u16,
    /// Days from the first occasion to the last.
    pub span_days: f64,
    /// Days from the beginning of the first occasion's day to the instant.
    pub age_days: f64,
    /// Days from the last purchase to the instant.
    pub recency_days: f64,
    /// Sum of all purchases, major units.
    pub spent: f64,
    /// Sum of all refunds, major units.
    pub refunded: f64,
}

impl Buyer {
    /// The customer as of `now` (ms UTC), by everything that was applied to the store; none without a purchase.
    #[must_use]
    pub fn at(store: &Store, ix: Ix, now: i64) -> Option<Self> {
        let bought = store.bought(ix)?;
        let major = |minor: i64| {
            // 10^18 at most, as in the store.
            let unit = 10_u64.pow(u32::from(store.settings().minor_exponent.min(18)));
            minor as f64 / unit as f64
        };
        let days = |ms: i64| ms.max(0) as f64 / DAY_MS as f64;
        Some(Self {
            orders: bought.orders,
            occasions: bought.days,
            span_days: ((bought.last_ms - bought.first_day_ms) / DAY_MS) as f64,
            age_days: days(now - bought.first_day_ms),
            recency_days: days(now - bought.last_ms),
            spent: major(bought.spent_minor),
            refunded: major(bought.refunded_minor),
        })
    }

    /// Purchases less refunds, major units; below 0 where more came back than was bought within the log.
    #[must_use]
    pub fn net_spend(&self) -> f64 {
        self.spent - self.refunded
    }

    /// Net spend per occasion, major units, not below 0.
    #[must_use]
    pub fn mean_spend(&self) -> f64 {
        self.net_spend().max(0.0) / f64::from(self.occasions.max(1))
    }

    /// The dates as MBG/NBD wants them, the age in whole days, as in the fit of a population.
    #[must_use]
    pub fn dates(&self) -> Rft {
        Rft {
            frequency: f64::from(self.occasions.saturating_sub(1)),
            recency: self.span_days,
            age: self.age_days.ceil().max(self.span_days),
        }
    }
}

/// Everybody who has bought up to `now` (ms UTC), in the order of the store.
#[must_use]
pub fn buyers(store: &Store, now: i64) -> Vec<Buyer> {
    let all = store.iter();
    all.filter_map(|ix| Buyer::at(store, ix, now)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_events::EventType;
    use holdfast_features::{CartAbandon, Input, Settings};

    const START: i64 = 20_454 * DAY_MS;

    fn store(exponent: u8) -> (Store, Ix) {
        let mut store = Store::new(Settings {
            dedupe: true,
            cart_abandon: CartAbandon::Given,
            minor_exponent: exponent,
            stats: None,
        });
        let ix = store.intern("ada");
        let mut add = |kind, hours: i64, minor| {
            let input = Input {
                kind,
                ts: START + hours * DAY_MS / 24,
                minor: Some(minor),
                id_hash: hours as u64,
                particulars: Default::default(),
            };
            store.apply(ix, &input);
        };
        add(EventType::Purchase, 6, 3_000);
        add(EventType::Purchase, 7, 1_000);
        add(EventType::Purchase, 10 * 24 + 12, 2_000);
        add(EventType::Refund, 11 * 24, 500);
        store.intern("bob");
        (store, ix)
    }

    #[test]
    fn buyer_has_days_as_occasions_and_money_in_major_units() {
        let (store, ix) = store(2);
        let now = START + 15 * DAY_MS + DAY_MS / 4;
        let buyer = Buyer::at(&store, ix, now).unwrap();
        assert_eq!((buyer.orders, buyer.occasions), (3, 2));
        assert_eq!((buyer.span_days, buyer.age_days), (10.0, 15.25));
        assert_eq!(buyer.recency_days, 4.75);
        assert_eq!((buyer.net_spend(), buyer.mean_spend()), (55.0, 27.5));
        let dates = buyer.dates();
        assert_eq!(
            (dates.frequency, dates.recency, dates.age),
            (1.0, 10.0, 16.0)
        );
        assert_eq!(buyers(&store, now), [buyer], "who never bought is none");
    }

    #[test]
    fn currency_without_decimals_is_in_whole_units() {
        let (store, ix) = store(0);
        assert_eq!(Buyer::at(&store, ix, START).unwrap().net_spend(), 5_500.0);
    }
}
