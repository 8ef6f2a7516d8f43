//! Reasons: how much each feature moves the score away from the average customer's.

use holdfast_features::{FeatureId, Ix, Store};
use serde::Serialize;

use super::{Scorer, Scratch, probability};

/// A score taken apart. `base` plus all contributions is `log_odds` within 1e-9.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// Log-odds of having left.
    pub log_odds: f64,
    /// Log-odds of a customer at the mean of every column.
    pub base: f64,
    /// Probability of having left.
    pub probability: f64,
    /// One entry for each feature, the strongest first; equal ones in the model's order.
    pub contributions: Vec<Contribution>,
}

/// What one feature adds to the log-odds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contribution {
    /// Name in the feature registry.
    pub feature: &'static str,
    /// The customer's value, in the feature's unit, before clipping.
    pub value: f64,
    /// Log-odds above (or below) those of the average customer.
    pub contribution: f64,
    /// The value as a sentence.
    pub text: String,
}

impl Scorer {
    /// The score of a customer at `now` (ms UTC) with its reasons.
    #[must_use]
    pub fn explain(&self, store: &Store, ix: Ix, now: i64, scratch: &mut Scratch) -> Explanation {
        let log_odds = self.log_odds(store, ix, now, scratch);
        let mut parts: Vec<(FeatureId, f64, f64)> = Vec::with_capacity(self.terms.len());
        for ((term, id), value) in self.terms.iter().zip(&self.ids).zip(&scratch.values) {
            let share = term.above_mean(self.transformed(term, *value));
            match parts.iter_mut().find(|part| part.0 == *id) {
                Some(part) => part.2 += share,
                None => parts.push((*id, *value, share)),
            }
        }
        parts.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()));
        let contributions = parts
            .into_iter()
            .map(|(id, value, contribution)| {
                let known = id.describe();
                Contribution {
                    feature: known.name,
                    value,
                    contribution,
                    text: known.say(value),
                }
            })
            .collect();
        Explanation {
            log_odds,
            base: self.intercept,
            probability: probability(log_odds),
            contributions,
        }
    }
}
