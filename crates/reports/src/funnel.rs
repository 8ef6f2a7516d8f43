//! How far customers get, from the first look to the first purchase.
//!
//! | step | what does it |
//! | --- | --- |
//! | `visit` | `session_start`, `login`, `page_view`, `product_view`, `search` |
//! | `sign_up`, `cart_add`, `checkout_start`, `checkout_step`, `purchase` | the event of that name |
//!
//! Who did a step counts in all earlier ones too, so the numbers never rise. Steps that nobody did are left out.

use holdfast_events::EventType;
use serde::Serialize;

use crate::act::Customer;
use crate::rate::{median, percent};

pub(crate) const STEPS: [&str; 6] = [
    "visit",
    "sign_up",
    "cart_add",
    "checkout_start",
    "checkout_step",
    "purchase",
];

/// The place of the step that such an event is.
pub(crate) fn step(kind: EventType) -> Option<usize> {
    use EventType as E;
    Some(match kind {
        E::SessionStart | E::Login | E::PageView | E::ProductView | E::Search => 0,
        E::SignUp => 1,
        E::CartAdd => 2,
        E::CheckoutStart => 3,
        E::CheckoutStep => 4,
        E::Purchase => 5,
        _ => return None,
    })
}

/// Counts of one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Step {
    /// Customers who did it, and those whose furthest step it is.
    did: u64,
    furthest: u64,
    /// Milliseconds since the customer's first time of the step before.
    since_ms: Vec<i64>,
}

/// Counts of all steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Funnel {
    steps: [Step; STEPS.len()],
}

/// One step of the funnel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FunnelStep {
    /// Its name.
    pub step: String,
    /// Customers who got so far or further.
    pub customers: u64,
    /// Percent of those of the step before who got no further; none for the first.
    pub drop_off: Option<f64>,
    /// Median seconds from the first time of the nearest earlier step that the customer did to the first time of this.
    pub median_seconds: Option<f64>,
}

impl Funnel {
    pub(crate) fn fold(&mut self, customer: &Customer<'_>) {
        let mut first: [Option<i64>; STEPS.len()] = [None; STEPS.len()];
        for act in customer.acts {
            if let Some(at) = step(act.kind)
                && first[at].is_none()
            {
                first[at] = Some(act.ts);
                if first.iter().all(Option::is_some) {
                    break;
                }
            }
        }
        for (at, ts) in first.iter().enumerate() {
            let Some(ts) = ts else { continue };
            let step = &mut self.steps[at];
            step.did += 1;
            step.furthest += u64::from(first[at + 1..].iter().all(Option::is_none));
            let before = first[..at].iter().rev().flatten().next();
            step.since_ms.extend(
                before
                    .filter(|before| *before <= ts)
                    .map(|before| ts - before),
            );
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (a, b) in self.steps.iter_mut().zip(&other.steps) {
            a.did += b.did;
            a.furthest += b.furthest;
            a.since_ms.extend_from_slice(&b.since_ms);
        }
    }

    pub(crate) fn figures(&self) -> Vec<FunnelStep> {
        let mut rows: Vec<FunnelStep> = Vec::new();
        for (at, step) in self.steps.iter().enumerate().filter(|(_, s)| s.did > 0) {
            let customers = self.steps[at..].iter().map(|s| s.furthest).sum();
            let before = rows.last().map(|row| row.customers);
            rows.push(FunnelStep {
                step: STEPS[at].to_owned(),
                customers,
                drop_off: before.and_then(|before| percent(before - customers, before)),
                median_seconds: median(&step.since_ms).map(|ms| ms / 1_000.0),
            });
        }
        rows
    }
}
