//! What happens in the checkout: how many end with a purchase, how long they take, how many clicks, and whether a stored
//! means of payment helps.
//!
//! A checkout begins with the first `checkout_start` or `checkout_step` in a cart, and ends with the purchase, or when the
//! cart is left.

use holdfast_events::EventType;
use serde::Serialize;

use crate::act::{Customer, Said};
use crate::carts::{Turn, Walk};
use crate::rate::{median, percent};
use crate::terms::Terms;

/// Checkouts that have something in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    begun: u64,
    bought: u64,
}

/// Sums over customers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checkouts {
    all: Sums,
    saved: Sums,
    /// Those of which clicks were told, and how many those were.
    counted: u64,
    clicks: u64,
    lasted_ms: Vec<i64>,
}

/// One that is under way.
#[derive(Clone, Copy, Debug)]
struct Open {
    began: i64,
    is_saved: bool,
    clicks: Option<u32>,
}

/// Checkouts: all, and those in which a stored means of payment was used.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CheckoutFigures {
    /// How many were begun.
    pub begun: u64,
    /// Percent of them that ended with a purchase.
    pub bought_rate: Option<f64>,
    /// Median seconds from the first step to the purchase.
    pub median_seconds: Option<f64>,
    /// Mean clicks, of those of which clicks were told.
    pub clicks_mean: Option<f64>,
    /// How many used a stored means of payment.
    pub saved_payment: u64,
    /// Percent of these that ended with a purchase.
    pub saved_payment_bought_rate: Option<f64>,
    /// Percent of all others that did.
    pub other_bought_rate: Option<f64>,
}

impl Checkouts {
    pub(crate) fn fold(&mut self, customer: &Customer<'_>, terms: &Terms) {
        let (mut walk, mut open) = (Walk::default(), None::<Open>);
        for act in customer.acts {
            let mut is_left = false;
            walk.take((act.ts, act.kind), terms.abandons, &mut |turn| {
                is_left |= matches!(turn, Turn::Left(_));
            });
            if is_left && let Some(left) = open.take() {
                self.end(left, None);
            }
            match act.kind {
                EventType::Purchase => {
                    if let Some(bought) = open.take() {
                        self.end(bought, Some(act.ts));
                    }
                }
                EventType::CheckoutStart | EventType::CheckoutStep if walk.is_open() => {
                    let open = open.get_or_insert(Open {
                        began: act.ts,
                        is_saved: false,
                        clicks: None,
                    });
                    if let Said::Checkout { is_saved, clicks } = act.said {
                        open.is_saved |= is_saved;
                        if let Some(more) = clicks {
                            open.clicks = Some(open.clicks.unwrap_or(0).saturating_add(more));
                        }
                    }
                }
                _ => {}
            }
        }
        if let Some(open) = open {
            self.end(open, None);
        }
    }

    fn end(&mut self, open: Open, bought_at: Option<i64>) {
        let sums = [
            Some(&mut self.all),
            open.is_saved.then_some(&mut self.saved),
        ];
        for sums in sums.into_iter().flatten() {
            sums.begun += 1;
            sums.bought += u64::from(bought_at.is_some());
        }
        self.lasted_ms.extend(bought_at.map(|at| at - open.began));
        if let Some(clicks) = open.clicks {
            self.counted += 1;
            self.clicks += u64::from(clicks);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (sums, more) in [(&mut self.all, other.all), (&mut self.saved, other.saved)] {
            sums.begun += more.begun;
            sums.bought += more.bought;
        }
        self.counted += other.counted;
        self.clicks += other.clicks;
        self.lasted_ms.extend_from_slice(&other.lasted_ms);
    }

    pub(crate) fn figures(&self) -> CheckoutFigures {
        let (all, saved) = (self.all, self.saved);
        CheckoutFigures {
            begun: all.begun,
            bought_rate: percent(all.bought, all.begun),
            median_seconds: median(&self.lasted_ms).map(|ms| ms / 1_000.0),
            clicks_mean: (self.counted > 0).then(|| self.clicks as f64 / self.counted as f64),
            saved_payment: saved.begun,
            saved_payment_bought_rate: percent(saved.bought, saved.begun),
            other_bought_rate: percent(all.bought - saved.bought, all.begun - saved.begun),
        }
    }
}
