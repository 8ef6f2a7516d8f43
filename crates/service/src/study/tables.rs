//! What `holdfast evaluate` prints, at most 100 columns wide.

use std::fmt::Write as _;

use holdfast_model::{Interval, Metrics};

use super::backtest::Figures;
use super::contacting::Contacting;
use super::rivals::Rival;

// Writing to a String cannot fail, so what it returns is dropped.

pub(super) fn tables(figures: &Figures) -> String {
    let mut out = format!(
        "{:<10}{:>8}{:>7}  {:<22}{:<22}{:>7}{:>8}{:>8}\n",
        "cutoff", "rows", "left", "ROC AUC", "log-loss", "PR AUC", "Brier", "ECE"
    );
    for cutoff in &figures.cutoffs {
        let rows = (cutoff.rows, cutoff.base_rate);
        line(&mut out, &day(cutoff.cutoff_ms), rows, &cutoff.metrics);
    }
    let cutoffs = figures.cutoffs.iter();
    let rows: u64 = figures.cutoffs.iter().map(|c| c.rows).sum();
    let left: f64 = cutoffs.map(|c| c.base_rate * c.rows as f64).sum();
    let rows = (rows, left / rows as f64);
    line(&mut out, "all", rows, &figures.overall.metrics);
    if !figures.baselines.is_empty() {
        rivals(&mut out, &figures.baselines);
    }
    let days: Vec<String> = figures.cutoffs.iter().map(|c| day(c.cutoff_ms)).collect();
    contacting(&mut out, &days, &figures.contacting);
    out
}

fn day(ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(ms);
    at.map_or_else(|_| ms.to_string(), |at| at.strftime("%Y-%m-%d").to_string())
}

fn spread(i: &Interval) -> String {
    format!("{:.4} [{:.3}, {:.3}]", i.value, i.lo, i.hi)
}

fn line(out: &mut String, name: &str, (rows, left): (u64, f64), m: &Metrics) {
    _ = writeln!(
        out,
        "{name:<10}{rows:>8}{:>6.1}%  {:<22}{:<22}{:>7.4}{:>8.4}{:>8.4}",
        100.0 * left,
        spread(&m.roc_auc),
        spread(&m.log_loss),
        m.pr_auc.value,
        m.brier.value,
        m.ece.value,
    );
}

fn rivals(out: &mut String, rivals: &[Rival]) {
    let change = |i: &Interval| format!("{:+.4} [{:+.4}, {:+.4}]", i.value, i.lo, i.hi);
    _ = writeln!(
        out,
        "\n{:<14}{:>8}  {:<30}{:>8}  {:<30}",
        "baseline", "ROC AUC", "model above it by", "log-loss", "model's less this"
    );
    for rival in rivals {
        let (m, less) = (&rival.overall.metrics, &rival.overall.model_less_this);
        _ = writeln!(
            out,
            "{:<14}{:>8.4}  {:<30}{:>8.4}  {}",
            rival.name.name(),
            m.roc_auc.value,
            change(&less.roc_auc),
            m.log_loss.value,
            change(&less.log_loss),
        );
    }
}

fn contacting(out: &mut String, days: &[String], found: &Contacting) {
    let percents = |i: &Interval| {
        let [value, lo, hi] = [i.value, i.lo, i.hi].map(|x| 100.0 * x);
        format!("{value:.1}% [{lo:.0}, {hi:.0}]")
    };
    let plain = |i: &Interval, digits: usize| {
        format!(
            "{:.digits$} [{:.digits$}, {:.digits$}]",
            i.value, i.lo, i.hi
        )
    };
    _ = writeln!(
        out,
        "\n{:<10}{:>6}  {:<17}{:<19}{:<21}{:<25}",
        "top of", "rows", "left of them", "lift", "profit per 1000", "warned, lead days"
    );
    let contacts = &found.contacts;
    let tops = contacts.cutoffs.iter().zip(&found.lead.cutoffs);
    let tops = days.iter().map(String::as_str).zip(tops);
    let all = ("all", (&contacts.overall, &found.lead.overall));
    for (name, (top, lead)) in tops.chain([all]) {
        _ = writeln!(
            out,
            "{name:<10}{:>6}  {:<17}{:<19}{:<21}{:>3.0}%  {}",
            top.rows,
            percents(&top.precision),
            plain(&top.lift, 2),
            plain(&top.profit, 0),
            100.0 * lead.warned.value,
            plain(&lead.days, 0),
        );
    }
    let terms = &found.terms;
    _ = writeln!(
        out,
        "\nProfit: who stays is worth {}, a contact saves {} of those about to leave and costs {}{}.",
        terms.value,
        terms.saved,
        terms.cost,
        if found.are_terms_assumed {
            " (assumed)"
        } else {
            ""
        },
    );
    let rule = &contacts.rule;
    _ = writeln!(
        out,
        "Contacting from p {:.3} on, {:.0}% of them: {} per 1000.",
        rule.threshold,
        100.0 * rule.share,
        plain(&rule.profit, 0),
    );
    let best = contacts.best.as_ref();
    let best = best.map_or_else(
        || "No share of them pays.".to_owned(),
        |best| {
            let profit = plain(&best.profit, 0);
            format!(
                "The best share, in hindsight: {:.0}%, {profit} per 1000.",
                100.0 * best.share
            )
        },
    );
    _ = writeln!(out, "{best}");
    let lead = &found.lead;
    _ = writeln!(
        out,
        "Lead: from the first score of {:.3} or more until the customer counts as lost; {} left.",
        lead.threshold, lead.overall.departures,
    );
}
