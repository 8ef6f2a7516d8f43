//! `holdfast explain`: one customer's score taken apart.

use holdfast_features::{Ix, Store};
use holdfast_model::{Contribution, Counterfactual, Model, Scorer};
use serde::Serialize;

use super::load::load;
use super::{Error, Source, score};

/// Finds the instant (ms UTC) at which silence alone will raise an alert for a customer, seen from an instant.
pub type Deadline<'a> = &'a dyn Fn(&mut Store, Ix, i64) -> Option<i64>;

/// What the policy adds to a score.
pub struct Ahead<'a> {
    pub deadline: Deadline<'a>,
    /// Log-odds below which an alert closes.
    pub close: f64,
}

/// One event that would bring the score below the closing threshold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WayBack {
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Of a purchase, major units.
    pub amount: Option<f64>,
    pub churn_probability: f64,
    pub text: String,
}

/// The answer of `holdfast explain --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explained {
    pub customer_id: String,
    /// Instant of the score, ms UTC.
    pub at: i64,
    pub state: State,
    pub log_odds: f64,
    /// Log-odds of a customer at the mean of every column: `base` plus all contributions is `log_odds`.
    pub base: f64,
    pub churn_probability: f64,
    /// The strongest first.
    pub contributions: Vec<Contribution>,
    /// When silence alone raises an alert, ms UTC.
    pub deadline_ms: Option<i64>,
    /// The least that would close an alert now; none if there is nothing to close, or one event cannot.
    pub counterfactual: Option<WayBack>,
}

/// What is known of the customer at the instant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct State {
    pub first_event_ms: Option<i64>,
    /// The last thing the customer did.
    pub last_event_ms: Option<i64>,
    pub last_purchase_ms: Option<i64>,
    pub purchases: u32,
    /// Major units.
    pub spend_90d: f64,
    pub currency: Option<String>,
    /// When an open cart will count as abandoned.
    pub cart_timer_ms: Option<i64>,
    /// Whether the model's population rule holds: alerts are raised for such customers only.
    pub in_population: bool,
}

/// Explains a customer's score at `at` (ms UTC; the greatest time of the log if none is given).
///
/// # Errors
/// Everything in [`Error`]; [`Error::Setting`] if the customer has no event up to then.
pub fn explain(
    source: &Source,
    model: &Model,
    customer_id: &str,
    at: Option<i64>,
    ahead: &Ahead<'_>,
) -> Result<Explained, Error> {
    let source = source.for_model(model)?;
    let label = model.label();
    let mut log = load(&source, label.kind.clone(), Some(customer_id))?;
    score::agrees(&log, model)?;
    let at = at.unwrap_or(log.last_ms);
    log.history.finish(at);
    let settings = log.store(&source);
    let (mut store, had) = log.history.state(settings, at);
    let unknown = || Error::Setting(format!("customer {customer_id:?} has no event up to {at}"));
    let ix = store.find(customer_id).ok_or_else(unknown)?;
    let scorer = Scorer::new(model)?;
    let parts = scorer.explain(&store, ix, at, &mut scorer.scratch());
    let back = scorer.counterfactual((&store, ix), at, ahead.close, &mut scorer.scratch());
    let unit = 10_f64.powi(i32::from(log.exponent));
    let gone = label.kind.event_means_left() && had;
    let state = State {
        first_event_ms: store.first_event(ix),
        last_event_ms: store.last_event(ix),
        last_purchase_ms: store.last_purchase(ix),
        purchases: store.purchases(ix),
        spend_90d: store.spend_90d_minor(ix, at) as f64 / unit,
        currency: log.currency.filter(|currency| currency != "ignore"),
        cart_timer_ms: store.next_timer(ix),
        in_population: !gone && label.covers(&store, ix, at),
    };
    Ok(Explained {
        customer_id: customer_id.to_owned(),
        at,
        state,
        log_odds: parts.log_odds,
        base: parts.base,
        churn_probability: parts.probability,
        contributions: parts.contributions,
        deadline_ms: (ahead.deadline)(&mut store, ix, at),
        counterfactual: back.map(|found| way_back(&found, unit)),
    })
}

fn way_back(found: &Counterfactual, unit: f64) -> WayBack {
    let amount = found.minor.map(|minor| minor as f64 / unit);
    WayBack {
        kind: found.kind.name(),
        amount,
        churn_probability: found.probability,
        text: found.text(amount),
    }
}

#[cfg(test)]
mod tests;
