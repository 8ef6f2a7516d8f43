//! The least event that would win the customer back, as alerts name it.

use holdfast_model::Counterfactual;
use serde::Serialize;

use super::Voice;

#[derive(Serialize)]
pub(super) struct WayBack {
    #[serde(rename = "type")]
    kind: &'static str,
    amount: Option<f64>,
    churn_probability: f64,
    text: String,
}

impl Voice {
    pub(super) fn way_back(&self, found: &Counterfactual) -> WayBack {
        let amount = found.minor.map(|minor| self.major_units(minor));
        WayBack {
            kind: found.kind.name(),
            amount,
            churn_probability: found.probability,
            text: found.text(amount),
        }
    }
}
