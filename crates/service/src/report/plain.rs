//! The words for a retention manager: what was asked, what came true, what to be careful about.

use serde::Serialize;

use super::{
    curves::ratio,
    numbers::{fixed, grouped, percent},
    view::{Backtest, Bin, Curves, Interval, Label, Metrics, Span, Task, TestCutoff, TrainCutoff},
};

const DAY_MS: i64 = 86_400_000;
/// Fewer rows than this in a bin are not quoted as `of 100 customers`.
const QUOTABLE_ROWS: u64 = 30;

/// The question in words.
#[derive(Debug, Serialize)]
pub(super) struct Question {
    /// Completes "will a customer ...?"
    pub(super) leave: String,
    /// Completes "left means: the customer ..."
    pub(super) left: String,
    /// Completes "predictions are made for ..."
    pub(super) population: String,
    /// The value of `--label`.
    pub(super) label: String,
}

/// "To so many customers it gave about 80 %: of 100 of them, 79 left."
#[derive(Debug, Serialize)]
pub(super) struct Said {
    pub(super) rows: u64,
    pub(super) predicted: f64,
    pub(super) left_of_100: u64,
    pub(super) lo_of_100: u64,
    pub(super) hi_of_100: u64,
}

/// What contacting the customers at highest risk would have found.
#[derive(Debug, Serialize)]
pub(super) struct Contact {
    pub(super) share: f64,
    pub(super) rows: u64,
    pub(super) left_of_100: u64,
    /// Share of all leavers that is reached.
    pub(super) reached: f64,
    pub(super) lift: f64,
    pub(super) threshold: f64,
}

pub(super) fn question(task: &Task) -> Question {
    let days = days(task.horizon_days);
    let within = match task.active_days {
        0 => "ever".to_owned(),
        active => format!("in the {} before", self::days(active)),
    };
    let (leave, left, population, label) = match &task.label {
        Label::Purchase => (
            format!("buy nothing for {days}"),
            format!("bought nothing in the {days} after the prediction"),
            format!("customers who had bought something {within}"),
            "purchase".to_owned(),
        ),
        Label::Any => (
            format!("do nothing at all for {days}"),
            format!("showed no activity of any kind in the {days} after the prediction"),
            format!("customers who had bought something {within}"),
            "any".to_owned(),
        ),
        Label::Event(name) => (
            format!("have the event {name} within {days}"),
            format!("had the event {name} in the {days} after the prediction"),
            format!("customers who had been active {within} and had not had {name} yet"),
            name.clone(),
        ),
    };
    Question {
        leave,
        left,
        population,
        label,
    }
}

fn days(n: u32) -> String {
    if n == 1 {
        "1 day".to_owned()
    } else {
        format!("{} days", grouped(u64::from(n)))
    }
}

/// The best filled bin of the low, the middle and the high third that has enough rows, high first.
pub(super) fn said(curves: &Curves) -> Vec<Said> {
    let third = |from: f64, to: f64| {
        let bins = curves.calibration.iter();
        bins.filter(|bin| bin.rows() >= QUOTABLE_ROWS && bin.mean() >= from && bin.mean() < to)
            .max_by_key(|bin| bin.rows())
    };
    [(2.0 / 3.0, 1.01), (1.0 / 3.0, 2.0 / 3.0), (0.0, 1.0 / 3.0)]
        .into_iter()
        .filter_map(|(from, to)| third(from, to))
        .map(of_100)
        .collect()
}

/// How many of a hundred, where none and all are said only of exactly none and all.
pub(super) fn hundred(share: f64) -> u64 {
    let rounded = (share * 100.0).round() as u64;
    let least = u64::from(share > 0.0);
    let most = if share < 1.0 { 99 } else { 100 };
    rounded.clamp(least, most)
}

fn of_100(bin: &Bin) -> Said {
    let (lo, hi) = bin.observed_interval();
    Said {
        rows: bin.rows(),
        predicted: bin.mean(),
        left_of_100: hundred(bin.observed()),
        lo_of_100: hundred(lo),
        hi_of_100: hundred(hi),
    }
}

pub(super) fn contacts(curves: &Curves) -> Vec<Contact> {
    let (all, base) = (curves.left() as f64, curves.base_rate());
    [0.05, 0.1, 0.2, 0.3, 0.5]
        .into_iter()
        .filter_map(|share| curves.gain(share))
        .map(|gain| Contact {
            share: gain.share,
            rows: gain.rows,
            left_of_100: hundred(gain.precision()),
            reached: ratio(gain.left as f64, all),
            lift: ratio(gain.precision(), base),
            threshold: gain.threshold,
        })
        .collect()
}

/// One row of the table of figures.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    /// One per cutoff, then all rows together.
    pub(super) cells: Vec<Interval>,
    /// What saying the base rate to everyone would give.
    pub(super) without_model: f64,
}

/// All six figures, for the cutoffs and overall; `base` is the share that left over all rows.
pub(super) fn figures(cutoffs: &[TestCutoff], overall: &Metrics, base: f64) -> Vec<Figures> {
    type Pick = fn(&Metrics) -> Interval;
    let b = base.clamp(1e-6, 1.0 - 1e-6);
    let log_loss = -(b * b.ln() + (1.0 - b) * (1.0 - b).ln());
    let rows: [(&str, &str, f64, Pick); 6] = [
        (
            "ROC AUC",
            "ranks a leaver above a stayer, 1 is best",
            0.5,
            |m| m.roc_auc,
        ),
        (
            "PR AUC",
            "precision over all recalls, 1 is best",
            base,
            |m| m.pr_auc,
        ),
        (
            "Log-loss",
            "surprise at what happened, 0 is best",
            log_loss,
            |m| m.log_loss,
        ),
        (
            "Brier",
            "mean squared error, 0 is best",
            base * (1.0 - base),
            |m| m.brier,
        ),
        (
            "ECE",
            "mean gap between said and happened, 0 is best",
            0.0,
            |m| m.ece,
        ),
        (
            "Lift, top 10\u{a0}%",
            "times better than at random",
            1.0,
            |m| m.lift10,
        ),
    ];
    rows.into_iter()
        .map(|(name, meaning, without_model, pick)| Figures {
            name,
            meaning,
            cells: cutoffs
                .iter()
                .map(|c| &c.metrics)
                .chain([overall])
                .map(pick)
                .collect(),
            without_model,
        })
        .collect()
}

/// What the figures themselves say against trusting them, most serious first.
pub(super) fn cautions(backtest: &Backtest) -> Vec<String> {
    let mut out = Vec::new();
    let auc = backtest.overall.roc_auc;
    if auc.lo <= 0.55 {
        out.push(format!(
            "It hardly tells those who leave from those who stay: of 100 pairs it puts {} in the right order, \
             perhaps only {}, and guessing would put 50. Do not act on it without more data or a longer history.",
            fixed(100.0 * auc.value, 1),
            fixed(100.0 * auc.lo, 1)
        ));
    }
    let ece = backtest.overall.ece.value;
    if ece > 0.05 {
        out.push(format!(
            "The percentages are off by {} points on average. Use them to rank customers, \
             not as the share that will leave.",
            fixed(ece * 100.0, 1)
        ));
    }
    let (rows, left) = (backtest.curves.rows(), backtest.curves.left());
    if left.min(rows - left) < 100 {
        out.push(format!(
            "Only {} of the {} test rows left, so every figure here is rough.",
            grouped(left),
            grouped(rows)
        ));
    }
    out.extend(drift(&backtest.fit.cutoffs, backtest.curves.base_rate()));
    out.extend(overlap(backtest));
    out.extend(season(&backtest.span));
    out
}

fn drift(train: &[TrainCutoff], test_rate: f64) -> Option<String> {
    let rows: u64 = train.iter().map(|cutoff| cutoff.rows).sum();
    let left: f64 = train
        .iter()
        .map(|cutoff| cutoff.base_rate * cutoff.rows as f64)
        .sum();
    let train_rate = ratio(left, rows as f64);
    ((train_rate - test_rate).abs() > 0.05).then(|| {
        format!(
            "The share that leaves moved between learning ({}) and testing ({}): \
             the market or the season changed, and may again.",
            percent(train_rate, 1),
            percent(test_rate, 1)
        )
    })
}

fn overlap(backtest: &Backtest) -> Option<String> {
    let horizon_ms = i64::from(backtest.task.horizon_days) * DAY_MS;
    let near = |pair: &[TestCutoff]| pair[1].cutoff_ms - pair[0].cutoff_ms < horizon_ms;
    backtest.cutoffs.windows(2).any(near).then(|| {
        "The test windows overlap and lie in one season. The intervals say how the figures would \
         vary with other customers, not with other months."
            .to_owned()
    })
}

/// Said for less than two years of data, since one season seen once is not yet a season known.
pub(super) fn season(span: &Span) -> Option<String> {
    let days = (span.last_ms - span.first_ms) / DAY_MS;
    (days < 730).then(|| {
        let days = grouped(days.max(0) as u64);
        format!("The events span {days} days: a yearly season has not been seen twice.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_and_all_of_a_hundred_are_said_only_when_true() {
        let shares = [0.0, 0.001, 0.5, 0.996, 1.0];
        assert_eq!(shares.map(hundred), [0, 1, 50, 99, 100]);
    }
}
