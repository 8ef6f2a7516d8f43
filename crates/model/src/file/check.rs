//! Everything that can be wrong with a model file, listed at once.

use holdfast_features::{FeatureId, feature, nearest};
use sha2::{Digest, Sha256};

use super::{CartSource, Column, FORMAT, Model, Population, seal};
use crate::curve::Spline;
use crate::{Label, LabelKind};

/// Days that fit into the instants this project handles (until 2100) with room to add two of them.
const MAX_DAYS: u32 = 36_500;

/// More columns than this are a mistake, and every scratch buffer has that length.
const MAX_COLUMNS: usize = 1024;

/// A curve's piece is looked for from the left.
const MAX_KNOTS: usize = 32;

/// No weight that was ever fitted comes near; sums of such products stay finite, also in 32 bits.
const GREATEST: f64 = 1e6;
/// The same for what is subtracted, and the least that is divided by.
const GREATEST_MEAN: f64 = 1e15;
const LEAST_SCALE: f64 = 1e-9;

impl Model {
    /// Every fault but the hash.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.format != FORMAT {
            faults.push(format!(
                "format is {:?}, this program reads {FORMAT:?}",
                self.format
            ));
        }
        if self.id.is_empty() || self.id.len() > 256 {
            faults.push("id must have 1 to 256 bytes".to_owned());
        }
        label(&self.label, &mut faults);
        money(self.currency.as_deref(), &mut faults);
        if let CartSource::Derived { after_ms } = self.cart_abandon
            && after_ms <= 0
        {
            faults.push(format!(
                "cart_abandon.after_ms is {after_ms}, it must be above 0"
            ));
        }
        within("intercept", self.intercept, GREATEST, &mut faults);
        if self.columns.is_empty() || self.columns.len() > MAX_COLUMNS {
            faults.push(format!(
                "{} columns, 1 to {MAX_COLUMNS} are possible",
                self.columns.len()
            ));
        }
        for (i, column) in self.columns.iter().enumerate() {
            check_column(i, column, &mut faults);
        }
        if let Some(calibration) = &self.calibration {
            calibration.faults(&mut faults);
        }
        if let Some(season) = &self.season {
            season.faults(&mut faults);
        }
        if let Some(policy) = &self.policy {
            policy.faults(&mut faults);
        }
        self.check_occasion(&mut faults);
        self.check_constants(&mut faults);
        self.check_definitions(&mut faults);
        self.check_reference(&mut faults);
        self.check_practice(&mut faults);
        faults
    }

    fn check_constants(&self, faults: &mut Vec<String>) {
        let Some(Population {
            gap_mean,
            gap_sd,
            mbg,
        }) = &self.constants
        else {
            return;
        };
        let mut positive = |name: &str, x: f64| {
            if !(LEAST_SCALE..=GREATEST).contains(&x) {
                faults.push(format!(
                    "constants.{name} is {x:e}, it must be from {LEAST_SCALE:e} to {GREATEST:e}"
                ));
            }
        };
        positive("gap_mean", *gap_mean);
        positive("gap_sd", *gap_sd);
        mbg.iter().for_each(|x| positive("mbg", *x));
    }

    /// A store keeps statistics about one kind of occasion.
    fn check_occasion(&self, faults: &mut Vec<String>) {
        let asks = |c: &Column| {
            let occasion = feature(&c.feature)?.describe().occasion()?;
            Some((occasion, c.feature.clone()))
        };
        let mut asked = self.columns.iter().filter_map(asks);
        let Some((first, name)) = asked.next() else {
            return;
        };
        if let Some((_, other)) = asked.find(|(occasion, _)| *occasion != first) {
            faults.push(format!(
                "{name} is about purchases or activity and {other} about the other: one model can hold one of them"
            ));
        }
    }

    fn check_definitions(&self, faults: &mut Vec<String>) {
        let known = self.columns.iter().all(|c| feature(&c.feature).is_some());
        let Some(stated) = self.registry.as_ref().filter(|_| known) else {
            return;
        };
        let now = definitions(&self.columns);
        if *stated != now {
            faults.push(format!(
                "registry is {stated} but this program's features give {now}: they are computed \
                 differently now, so the model must be trained again"
            ));
        }
    }
}

/// Hash over what defines the features of these columns. Features that the model doesn't use may change.
pub(super) fn definitions(columns: &[Column]) -> String {
    let mut hasher = Sha256::new();
    for id in columns.iter().filter_map(|c| feature(&c.feature)) {
        let known = FeatureId::describe(id);
        for part in [known.name, known.unit, known.formula] {
            hasher.update(part.as_bytes());
            hasher.update([0]);
        }
    }
    seal::hex(&hasher.finalize()[..8])
}

/// The fault of a feature name that isn't registered.
pub(super) fn unknown(name: &str) -> String {
    format!("unknown feature {name:?}, did you mean {:?}", nearest(name))
}

fn label(label: &Label, faults: &mut Vec<String>) {
    if label.horizon_days == 0 || label.horizon_days > MAX_DAYS {
        faults.push(format!(
            "label.horizon_days is {}, 1 to {MAX_DAYS} are possible",
            label.horizon_days
        ));
    }
    if label.active_days > MAX_DAYS {
        faults.push(format!(
            "label.active_days is {}, 0 to {MAX_DAYS} are possible",
            label.active_days
        ));
    }
    if let LabelKind::Event(name) = &label.kind
        && (name.is_empty() || name.len() > 256)
    {
        faults.push("label.kind must be purchase, any or the type of an event".to_owned());
    }
}

fn money(currency: Option<&str>, faults: &mut Vec<String>) {
    let Some(code) = currency else { return };
    if code != "ignore" && holdfast_events::Currency::parse(code).is_none() {
        faults.push(format!(
            "currency is {code:?}, neither three capital letters nor \"ignore\""
        ));
    }
}

fn check_column(i: usize, column: &Column, faults: &mut Vec<String>) {
    let name = format!("columns[{i}] {}", column.feature);
    if feature(&column.feature).is_none() {
        faults.push(format!("columns[{i}]: {}", unknown(&column.feature)));
    }
    if let Some([lo, hi]) = column.clip {
        finite(&format!("{name} clip"), lo, faults);
        finite(&format!("{name} clip"), hi, faults);
        if lo > hi {
            faults.push(format!("{name}: clip begins at {lo} and ends at {hi}"));
        }
    }
    if let Some(Spline { knots, basis }) = &column.spline {
        let ascend = knots
            .windows(2)
            .all(|pair| pair[1] - pair[0] >= LEAST_SCALE);
        if knots.len() < 3
            || knots.len() > MAX_KNOTS
            || !ascend
            || !knots.iter().all(|k| k.is_finite())
        {
            faults.push(format!(
                "{name}: a spline has 3 to {MAX_KNOTS} knots, each greater than the one before"
            ));
        } else if *basis > knots.len() - 3 {
            faults.push(format!(
                "{name}: spline.basis is {basis}, 0 to {} are possible",
                knots.len() - 3
            ));
        }
    }
    within(&format!("{name} mean"), column.mean, GREATEST_MEAN, faults);
    let coefficient = format!("{name} coefficient");
    within(&coefficient, column.coefficient, GREATEST, faults);
    if !(column.scale.is_finite() && column.scale >= LEAST_SCALE) {
        faults.push(format!(
            "{name}: scale is {:e}, it must not be below {LEAST_SCALE:e}",
            column.scale
        ));
    }
    if let Some(error) = column.standard_error
        && !(error.is_finite() && error >= 0.0)
    {
        faults.push(format!(
            "{name}: standard_error is {error}, it must not be below 0"
        ));
    }
}

fn finite(name: &str, x: f64, faults: &mut Vec<String>) {
    if !x.is_finite() {
        faults.push(format!("{name} is {x}, not a finite number"));
    }
}

fn within(name: &str, x: f64, limit: f64, faults: &mut Vec<String>) {
    finite(name, x, faults);
    if x.is_finite() && x.abs() > limit {
        faults.push(format!("{name} is {x:e}, beyond {limit:e}"));
    }
}
