//! Figures and columns as the reports want them.

use holdfast_features::feature;
use holdfast_model::metrics::Scored;
use holdfast_model::platt::Trial;
use holdfast_model::rows::Rows;
use holdfast_model::season::learn::Found;
use holdfast_model::train::Trained;
use holdfast_model::{Label, LabelKind, metrics};

use super::source::words;
use super::{Source, load::Log};
use crate::report;

pub(super) fn interval(from: metrics::Interval) -> report::Interval {
    report::Interval {
        value: from.value,
        lo: from.lo,
        hi: from.hi,
    }
}

pub(super) fn figures(from: &holdfast_model::Metrics) -> report::Metrics {
    report::Metrics {
        roc_auc: interval(from.roc_auc),
        pr_auc: interval(from.pr_auc),
        log_loss: interval(from.log_loss),
        brier: interval(from.brier),
        ece: interval(from.ece),
        lift10: interval(from.lift10),
    }
}

pub(super) fn task(label: &Label, log: &Log, source: &Source) -> report::Task {
    report::Task {
        label: match &label.kind {
            LabelKind::Purchase => report::Label::Purchase,
            LabelKind::Any => report::Label::Any,
            LabelKind::Event(name) => report::Label::Event(name.clone()),
        },
        horizon_days: label.horizon_days,
        active_days: label.active_days,
        currency: log.currency.clone().filter(|currency| currency != "ignore"),
        cart_abandon: words(source.carts()),
    }
}

/// The span of a finished history.
pub(super) fn span(log: &Log, until_ms: i64) -> report::Span {
    report::Span {
        events: log.history.len() as u64,
        customers: log.history.customers() as u64,
        first_ms: log.history.first_ms().unwrap_or(until_ms),
        last_ms: log.history.last_ms().unwrap_or(until_ms),
        until_ms,
    }
}

pub(super) fn fit(rows: &Rows, trained: &Trained) -> report::Fit {
    report::Fit {
        alpha: trained.alpha,
        rows: rows.len() as u64,
        intercept: trained.intercept,
        columns: trained.columns.iter().map(column).collect(),
        cutoffs: (0..rows.cutoffs.len())
            .map(|i| report::TrainCutoff {
                cutoff_ms: rows.cutoffs[i],
                rows: rows.range(i).len() as u64,
                base_rate: rows.base_rate(rows.range(i)),
            })
            .collect(),
    }
}

fn column(column: &holdfast_model::Column) -> report::Column {
    let known = feature(&column.feature).map(|id| id.describe());
    let [clip_lo, clip_hi] = column.clip.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
    report::Column {
        feature: column.feature.clone(),
        transform: column.transform.name().to_owned(),
        unit: known.map_or("", |f| f.unit).to_owned(),
        formula: known.map_or("", |f| f.formula).to_owned(),
        clip_lo,
        clip_hi,
        mean: column.mean,
        scale: column.scale,
        coefficient: column.coefficient,
        standard_error: column.standard_error.unwrap_or(f64::NAN),
    }
}

/// What a correction of the log-odds did on later rows.
pub(super) fn recalibration(trial: Trial) -> report::Recalibration {
    report::Recalibration {
        rows: trial.rows as u64,
        gain: report::Interval {
            value: trial.gain,
            lo: trial.gain - trial.reach,
            hi: trial.gain + trial.reach,
        },
        is_taken: trial.helps,
    }
}

/// What came of asking for a season.
pub(super) fn season(found: &Found) -> report::Season {
    let shifts = found.season.as_ref().map(|season| season.shifts.as_slice());
    let of = |pick: fn(f64, f64) -> f64| shifts.map(|all| all.iter().copied().fold(0.0, pick));
    report::Season {
        missing: found.missing.clone(),
        trial: found.trial.map(recalibration),
        least: of(f64::min),
        most: of(f64::max),
    }
}

/// The curves of scored rows that come in the order of their customers' ids.
pub(super) fn curves(rows: &[Scored]) -> report::Curves {
    let pairs: Vec<(f64, bool)> = rows.iter().map(|row| (row.p, row.left)).collect();
    report::Curves::of(&pairs)
}
