//! Reasons: how much each theme moves the score away from the average customer's.
//!
//! Features of a theme move together, so that alone each may speak against the others: only their sum is a reason.

use holdfast_features::{FeatureId, Ix, Plan, Store, Theme, feature};
use serde::Serialize;

use super::{Scorer, Scratch, probability};

/// What begins the sentence on rhythm, the first that the model has.
const SILENCES: [Silence; 2] = [
    Silence {
        since: "days_since_last_purchase",
        gaps: &["buying_gap_usual", "usual_gap_days"],
        occasions: "purchase_days_total",
    },
    Silence {
        since: "days_since_last_event",
        gaps: &["active_gap_usual"],
        occasions: "active_days_ever",
    },
];

/// Features, by name: a silence, the usual gap it is told beside, and how often it has ended so far.
struct Silence {
    since: &'static str,
    gaps: &'static [&'static str],
    occasions: &'static str,
}

/// In names of a pace over a longer one. Without any occasion of late both are the prior, whose ratio tells nobody
/// anything: any other part of the theme makes the better sentence.
const PACE: &str = "_pace_";

/// Stands for a feature where the season is the reason: its value is the shift itself.
const SEASON: &str = "season";

/// With fewer occasions the usual gap is more the population's than the customer's own.
const OWN_RHYTHM: f64 = 3.0;

/// A score taken apart. `base` plus all contributions is `log_odds` within 1e-9.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// Log-odds of having left.
    pub log_odds: f64,
    /// Log-odds of a customer at the mean of every column.
    pub base: f64,
    /// Probability of having left.
    pub probability: f64,
    /// One entry for each theme of the model, the strongest first; equal ones in the model's order.
    pub contributions: Vec<Contribution>,
}

/// What the features of one theme add to the log-odds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contribution {
    /// What they are about.
    pub theme: Theme,
    /// The one that the sentence is about: its name in the feature registry.
    pub feature: &'static str,
    /// The customer's value of that feature, in its unit, before clipping.
    pub value: f64,
    /// What is usual for this customer, in the same unit; none where the model does not know.
    pub baseline: Option<f64>,
    /// Log-odds above (or below) those of the average customer: the sum of all parts.
    pub contribution: f64,
    /// A sentence for people.
    pub text: String,
    /// Every feature of the theme, the strongest first.
    pub parts: Vec<Part>,
}

/// What one feature adds to the log-odds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// Name in the feature registry.
    pub feature: &'static str,
    /// The customer's value, in the feature's unit, before clipping.
    pub value: f64,
    /// Log-odds above (or below) those of the average customer.
    pub contribution: f64,
    /// None of a part that is no feature's.
    #[serde(skip)]
    id: Option<FeatureId>,
}

impl Part {
    fn say(&self) -> String {
        self.id
            .map_or_else(String::new, |id| id.describe().say(self.value))
    }
}

impl Scorer {
    /// The score of a customer at `now` (ms UTC) with its reasons.
    #[must_use]
    pub fn explain(&self, store: &Store, ix: Ix, now: i64, scratch: &mut Scratch) -> Explanation {
        let log_odds = self.log_odds(store, ix, now, scratch);
        let mut themes: Vec<(Theme, Vec<Part>)> = Vec::new();
        for (id, part) in self.parts(scratch) {
            let theme = id.describe().theme();
            match themes.iter_mut().find(|known| known.0 == theme) {
                Some((_, parts)) => parts.push(part),
                None => themes.push((theme, vec![part])),
            }
        }
        let occasions = |name: &str| {
            let mut found = [0.0];
            if let Some(id) = feature(name) {
                store.features(ix, now, &Plan::new(&[id]), &mut found);
            }
            found[0]
        };
        let mut contributions: Vec<Contribution> = themes
            .into_iter()
            .map(|(theme, parts)| grouped(theme, parts, &occasions))
            .collect();
        let shift = self.season.as_ref().map_or(0.0, |season| season.at(now));
        contributions.extend((shift != 0.0).then(|| of_season(shift)));
        contributions.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
        Explanation {
            log_odds,
            base: self.intercept,
            probability: probability(log_odds),
            contributions,
        }
    }

    /// Every feature of the model once, in the model's order.
    fn parts(&self, scratch: &Scratch) -> Vec<(FeatureId, Part)> {
        let mut parts: Vec<(FeatureId, Part)> = Vec::with_capacity(self.terms.len());
        for ((term, id), value) in self.terms.iter().zip(&self.ids).zip(&scratch.values) {
            let contribution = term.above_mean(self.transformed(term, *value));
            match parts.iter_mut().find(|(known, _)| known == id) {
                Some((_, part)) => part.contribution += contribution,
                None => {
                    let part = Part {
                        feature: id.describe().name,
                        value: *value,
                        contribution,
                        id: Some(*id),
                    };
                    parts.push((*id, part));
                }
            }
        }
        parts
    }
}

/// The parts of one theme (at least one) as a reason; `occasions` gives the customer's value of a feature.
fn grouped(theme: Theme, mut parts: Vec<Part>, occasions: &dyn Fn(&str) -> f64) -> Contribution {
    parts.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
    let contribution: f64 = parts.iter().map(|part| part.contribution).sum();
    let named = |name: &str| parts.iter().find(|part| part.feature == name);
    let silence = SILENCES
        .iter()
        .find_map(|silence| Some((named(silence.since)?, silence)));
    // A sentence that speaks for the other side would make nonsense of the sum.
    let strongest = || {
        let agrees = || {
            parts
                .iter()
                .filter(|part| part.contribution * contribution > 0.0)
        };
        let plain = agrees().find(|part| !part.feature.contains(PACE));
        plain.or(agrees().next()).unwrap_or(&parts[0])
    };
    let lead = silence.map_or_else(strongest, |(part, _)| part);
    let mut text = lead.say();
    let gap = silence.and_then(|(_, known)| {
        let gap = known.gaps.iter().find_map(|gap| named(gap))?;
        (occasions(known.occasions) >= OWN_RHYTHM).then_some(gap)
    });
    if let Some(gap) = gap {
        text = format!("{text}; {}", gap.say());
    }
    Contribution {
        theme,
        feature: lead.feature,
        value: lead.value,
        baseline: gap.map(|gap| gap.value),
        contribution,
        text,
        parts,
    }
}

/// What the season adds, as a reason of its own.
fn of_season(shift: f64) -> Contribution {
    let how_many = if shift > 0.0 { "more" } else { "fewer" };
    let part = Part {
        feature: SEASON,
        value: shift,
        contribution: shift,
        id: None,
    };
    Contribution {
        theme: Theme::Season,
        feature: SEASON,
        value: shift,
        baseline: None,
        contribution: shift,
        text: format!(
            "a year ago {how_many} left at this time than customers like these otherwise do"
        ),
        parts: vec![part],
    }
}
