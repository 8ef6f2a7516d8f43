//! What a model has to beat: what a team would do without it, and what the literature would do.
//!
//! | name | what it is |
//! | --- | --- |
//! | `rfm_rule` | recency, frequency and money in fifths, added up (Hughes, Strategic Database Marketing, 1994; Miglautsch, Thoughts on RFM scoring, Journal of Database Marketing 8, 2000); the probability is the share that left among training rows of the same sum |
//! | `rfm_logistic` | logistic regression on the logarithms of recency, frequency and mean order, nothing else |
//! | `mbg_nbd`, `bg_nbd` | [`btyd`]: no purchase within the horizon, from the dates of purchases alone |
//!
//! All know what the model knows: rows of the same training cutoffs, and for the last two the purchases of
//! everybody who ever bought up to the first test cutoff. Money is the mean order, as totals follow frequency.

use holdfast_features::{FeatureId, Plan, Settings, feature};
use serde::{Deserialize, Serialize};

use crate::btyd::{self, Family, Prepared, Rft};
use crate::choice;
use crate::fit::fit;
use crate::history::{Customer, History, Snapshot};
use crate::newton::{Problem, dot};
use crate::{Error, Label, LabelKind, population, probability};

mod rule;

/// L2 penalty of the logistic baseline: what scikit-learn takes unasked.
const ALPHA: f64 = 1.0;
/// Recency in days, frequency in days with an occasion, mean order in major units.
type Rfm = [f64; 3];

/// One of the baselines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Recency, frequency and money in fifths, added up.
    RfmRule,
    /// Logistic regression on the three.
    RfmLogistic,
    /// MBG/NBD.
    MbgNbd,
    /// BG/NBD.
    BgNbd,
}

impl Kind {
    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RfmRule => "rfm_rule",
            Self::RfmLogistic => "rfm_logistic",
            Self::MbgNbd => "mbg_nbd",
            Self::BgNbd => "bg_nbd",
        }
    }
}

/// A baseline's probabilities of having left.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// Which it is.
    pub kind: Kind,
    /// One for each row: by test cutoff, then by the bytes of the customer's id. Or why there are none.
    pub p: Result<Vec<f64>, String>,
}

/// Fits all baselines of a label on what was known at the first test cutoff, and predicts at all of them. Both lists
/// of cutoffs are ascending, ms UTC, and the training ones come first.
///
/// # Errors
/// [`Error::Setting`] without a training cutoff or a test cutoff.
pub fn baselines(
    history: &History,
    label: &Label,
    settings: Settings,
    (train, test): (&[i64], &[i64]),
) -> Result<Vec<Baseline>, Error> {
    if train.is_empty() || test.is_empty() {
        return Err(Error::Setting("baselines without cutoffs".to_owned()));
    }
    let settings = Settings {
        stats: Some(choice::occasion(&label.kind)),
        ..settings
    };
    let mut seen = Seen::new(label, test);
    let mut cutoffs = [train, test].concat();
    cutoffs.sort_unstable();
    cutoffs.dedup();
    let outcomes = history.walk(label, settings, &cutoffs, &mut |snapshot| {
        seen.take(snapshot, train);
    });
    let mut left = Vec::with_capacity(seen.learn.len());
    for (cutoff_ms, customers) in &seen.customers {
        left.extend(outcomes.left(label, *cutoff_ms, customers));
    }
    let rule = rule::Rule::of(&seen.learn, &left);
    let mut found = vec![
        Baseline {
            kind: Kind::RfmRule,
            p: Ok(seen.predict.iter().map(|row| rule.p(row)).collect()),
        },
        Baseline {
            kind: Kind::RfmLogistic,
            p: logistic(&seen, &left),
        },
    ];
    if label.kind == LabelKind::Purchase {
        for (kind, family) in [(Kind::MbgNbd, Family::Mbg), (Kind::BgNbd, Family::Bg)] {
            found.push(Baseline {
                kind,
                p: seen.till_death(family, label),
            });
        }
    }
    Ok(found)
}

/// What one pass over the history collects.
struct Seen {
    plan: Plan,
    test: Vec<i64>,
    learn: Vec<Rfm>,
    /// Whose rows those are, by cutoff.
    customers: Vec<(i64, Vec<Customer>)>,
    predict: Vec<Rfm>,
    /// The dates of the rows to predict.
    dates: Vec<Rft>,
    /// The dates of everybody at the first test cutoff.
    everybody: Vec<Rft>,
}

impl Seen {
    fn new(label: &Label, test: &[i64]) -> Self {
        let names = match label.kind {
            LabelKind::Purchase => ["days_since_last_purchase", "buying_days_ever"],
            LabelKind::Any | LabelKind::Event(_) => ["days_since_last_event", "active_days_ever"],
        };
        let names = [names[0], names[1], "mean_order_value"];
        let features: Vec<FeatureId> = names.into_iter().filter_map(feature).collect();
        Self {
            plan: Plan::new(&features),
            test: test.to_vec(),
            learn: Vec::new(),
            customers: Vec::new(),
            predict: Vec::new(),
            dates: Vec::new(),
            everybody: Vec::new(),
        }
    }

    fn take(&mut self, snapshot: &Snapshot<'_>, train: &[i64]) {
        let rfm = |ix| {
            let mut row = [0.0; 3];
            let at = snapshot.cutoff_ms;
            snapshot.store.features(ix, at, &self.plan, &mut row);
            row
        };
        let rows: Vec<Rfm> = snapshot.members.iter().map(|(_, ix)| rfm(*ix)).collect();
        if self.test.contains(&snapshot.cutoff_ms) {
            let dates = |ix| {
                let rhythm = snapshot.store.rhythm(ix, snapshot.cutoff_ms);
                rhythm.as_ref().map(population::dates).unwrap_or_default()
            };
            self.dates
                .extend(snapshot.members.iter().map(|(_, ix)| dates(*ix)));
            self.predict.extend_from_slice(&rows);
        }
        if self.test[0] == snapshot.cutoff_ms {
            self.everybody = population::everybody(snapshot);
        }
        if train.contains(&snapshot.cutoff_ms) {
            let customers = snapshot.members.iter().map(|(customer, _)| *customer);
            self.customers
                .push((snapshot.cutoff_ms, customers.collect()));
            self.learn.extend(rows);
        }
    }

    fn till_death(&self, family: Family, label: &Label) -> Result<Vec<f64>, String> {
        let rows = btyd::merged(&self.everybody);
        // Plain maximum likelihood, as published; where nothing bounds it, the least pull that does.
        let plain = btyd::fit(family, &rows, btyd::Settings { ridge: 0.0 });
        let ridge = population::RIDGE;
        let found = plain.or_else(|_| btyd::fit(family, &rows, btyd::Settings { ridge }));
        let found = found.map_err(|e| e.to_string())?;
        let horizon = f64::from(label.horizon_days);
        let prepared = Prepared::new(family, found.params, horizon)
            .ok_or_else(|| "its parameters say nothing".to_owned())?;
        Ok(self
            .dates
            .iter()
            .map(|row| prepared.p_no_purchase(row))
            .collect())
    }
}

fn logs(row: &Rfm) -> Rfm {
    row.map(|x| libm::log1p(x.max(0.0)))
}

fn logistic(seen: &Seen, left: &[bool]) -> Result<Vec<f64>, String> {
    let rows: Vec<Rfm> = seen.learn.iter().map(logs).collect();
    let n = rows.len() as f64;
    let mean = |i: usize| rows.iter().map(|row| row[i]).sum::<f64>() / n;
    let spread = |i: usize, mean: f64| {
        let squares: f64 = rows
            .iter()
            .map(|row| (row[i] - mean) * (row[i] - mean))
            .sum();
        (squares / n).sqrt()
    };
    let scales: Vec<(usize, f64, f64)> = (0..3)
        .map(|i| (i, mean(i), spread(i, mean(i))))
        .filter(|(.., sd)| *sd > 1e-9)
        .collect();
    let standard = |row: &Rfm| -> Vec<f64> {
        scales
            .iter()
            .map(|(i, mean, sd)| (row[*i] - mean) / sd)
            .collect()
    };
    if scales.is_empty() {
        return Err("all customers are alike".to_owned());
    }
    let values: Vec<f64> = rows.iter().flat_map(standard).collect();
    let problem = Problem {
        values: &values,
        positive: left,
        width: scales.len(),
        alpha: ALPHA,
    };
    let names = ["recency", "frequency", "mean order"];
    let names: Vec<&str> = scales.iter().map(|(i, ..)| names[*i]).collect();
    let fitted = fit(&problem, &names).map_err(|e| e.to_string())?;
    let p = |row: &Rfm| probability(dot(&standard(&logs(row)), &fitted.weights));
    Ok(seen.predict.iter().map(p).collect())
}

#[cfg(test)]
mod tests;
